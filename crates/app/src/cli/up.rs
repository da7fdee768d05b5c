//! `switchboard up`

use switchboard_domain::Session;

use super::args::UpArgs;
use super::{ExitCode, Failure, Output, Setup, interrupted, now};
use crate::daemon::{Announcement, Place, ServeOptions, VERSION, bring_up, look, serve_arguments, stop};

/// Sees to it that a daemon of this version runs.
pub(super) async fn run(args: UpArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let options = ServeOptions { listen: args.listen };
    options.check()?;
    let place = Place::of(setup.folders.data());
    let found = look(&place).await?.map(|(daemon, _)| daemon);
    if let Some(daemon) = found.as_ref().filter(|daemon| !args.restart && daemon.is_of_this_version()) {
        return already_up(daemon, args, output);
    }
    let cut_off = match &found {
        Some(old) => replace(old, &place, output).await?,
        None => Vec::new(),
    };
    let daemon = bring_up(&place, &serve_arguments(setup, options)).await?;
    output.line(&format!("the daemon is up: process {}, `switchboard down` ends it", daemon.pid))?;
    tell_address(&daemon, output)?;
    interrupted::tell(&cut_off, output);
    Ok(ExitCode::Ok)
}

/// Ends the old daemon, and gives the sessions that this interrupts.
async fn replace(old: &Announcement, place: &Place, output: &mut Output) -> Result<Vec<Session>, Failure> {
    output.remark(&format!("replacing process {} of version {} by version {VERSION}", old.pid, old.version));
    let began = now();
    let _it_is_gone = stop(place).await?;
    Ok(interrupted::since(began, place.data()).await)
}

fn already_up(daemon: &Announcement, args: UpArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let is_elsewhere = |asked: std::net::SocketAddr| daemon.tcp.is_none_or(|tcp| asked.port() != 0 && tcp != asked);
    if args.listen.is_some_and(is_elsewhere) {
        let message = format!("the daemon (process {}) does not listen there", daemon.pid);
        return Err(Failure::new(ExitCode::Failure, message).hint(
            "add --restart to replace it: its agents are interrupted, and `switchboard resume` goes on with them",
        ));
    }
    output.line(&format!("the daemon is up already: process {}", daemon.pid))?;
    tell_address(daemon, output)?;
    Ok(ExitCode::Ok)
}

fn tell_address(daemon: &Announcement, output: &mut Output) -> Result<(), Failure> {
    daemon.tcp.map_or(Ok(()), |tcp| output.line(&format!("it listens on http://{tcp}")))
}
