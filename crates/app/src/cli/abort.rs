//! `switchboard abort`

use super::archive::Archive;
use super::args::AbortArgs;
use super::link::Link;
use super::{ExitCode, Failure, Output, Setup, named};
use crate::terminal::single_line;

/// Stops the agents of sessions. All of them are found before the first is touched.
pub(super) async fn run(args: &AbortArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let Some(link) = Link::find(setup).await? else { return nothing_runs(args, setup, output).await };
    for view in named::sessions(&args.sessions, link.client()).await? {
        let was_running = link.client().abort(view.session.id).await?;
        let word = if was_running { "stopped" } else { "did not run:" };
        output.remark(&format!("{word} {}  {}", view.short_id, single_line(&view.session.title)));
    }
    link.close(output).await?;
    Ok(ExitCode::Ok)
}

/// Without a daemon agents run only in the hands of another process.
async fn nothing_runs(args: &AbortArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let archive = Archive::open(setup).await?;
    let catalog = archive.catalog().await?;
    for name in &args.sessions {
        let stored = catalog.find(name)?;
        if !stored.session.status().is_final() {
            let message = format!("{} runs in another process, without a daemon", stored.session.id.short());
            return Err(Failure::new(ExitCode::Locked, message).hint("press Ctrl-C where it runs"));
        }
        output.remark(&format!("did not run: {}  {}", stored.session.id.short(), single_line(&stored.session.title)));
    }
    archive.close(output).await?;
    Ok(ExitCode::Ok)
}
