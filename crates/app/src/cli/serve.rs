//! `switchboard serve`

use std::io;

use tokio::time::Instant;

use super::args::{GlobalArgs, ServeArgs};
use super::{ExitCode, Failure, Output, block_on};
use crate::daemon::{
    Announcement, Ending, Log, Place, Readiness, Refusal, START_PATIENCE, ServeOptions, Start, find_or_lock,
    leave_terminal, serve,
};
use crate::logging;
use crate::setup::Setup;

/// Is the daemon until it is told to end.
pub(super) fn run(args: ServeArgs, global: &GlobalArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    if args.background {
        leave_terminal();
    }
    let outcome = run_here(args, global, output);
    if let (true, Err(failure)) = (args.background, &outcome) {
        Readiness::Refused(refusal(failure)).say(io::stdout());
    }
    outcome
}

fn run_here(args: ServeArgs, global: &GlobalArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let setup = Setup::load(global.home.as_deref())?;
    let options = ServeOptions { listen: args.listen };
    options.check()?;
    let place = Place::of(setup.folders.data());
    let log = Log::open(&place.logs()).map_err(|error| {
        Failure::new(ExitCode::Failure, format!("cannot write the log in {}: {error}", place.logs().display()))
    })?;
    logging::to_log(&log, (!args.background).then_some(global.verbose));
    let ending = block_on(async {
        if args.background {
            // Whoever started it sees to it that nobody else does at the same time.
            return serve(setup, options, log, |_| Readiness::Ready.say(io::stdout())).await.map_err(Failure::from);
        }
        let lock = match find_or_lock(&place, Instant::now() + START_PATIENCE).await? {
            Start::Mine(lock) => lock,
            Start::Running(daemon) => return Err(already_runs(&daemon)),
        };
        let ready = |daemon: &Announcement| {
            drop(lock);
            output.remark(&format!("ready at {}; Ctrl-C ends it", daemon.socket.display()));
        };
        serve(setup, options, log, ready).await.map_err(Failure::from)
    })??;
    match ending {
        Ending::Told => Ok(ExitCode::Ok),
        // Without waiting for whatever is still under way.
        Ending::AtOnce => std::process::exit(ExitCode::Interrupted.number().into()),
        Ending::FolderGone => Err(Failure::new(
            ExitCode::Failure,
            format!("the data folder {} was taken away, so the daemon ended", place.data().display()),
        )),
    }
}

fn already_runs(daemon: &Announcement) -> Failure {
    let message = format!("a daemon runs here already: process {} since {}", daemon.pid, daemon.since);
    Failure::new(ExitCode::Locked, message).hint("`switchboard down` ends it, `switchboard up --restart` replaces it")
}

fn refusal(failure: &Failure) -> Refusal {
    Refusal {
        code: failure.code().number(),
        message: failure.message().to_owned(),
        hint: failure.next_step().map(str::to_owned),
    }
}
