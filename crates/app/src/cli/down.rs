//! `switchboard down`

use super::{ExitCode, Failure, Output, Setup, interrupted, now};
use crate::daemon::{Place, Stopped, stop};

/// Ends the daemon, if there is one.
pub(super) async fn run(setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let place = Place::of(setup.folders.data());
    let began = now();
    match stop(&place).await? {
        Stopped::NoneRan => {
            output.line("no daemon runs")?;
            return Ok(ExitCode::Ok);
        }
        Stopped::Ended(daemon) => output.line(&format!("the daemon (process {}) has ended", daemon.pid))?,
        Stopped::Hurried(daemon) => output.line(&format!(
            "the daemon (process {}) took too long and left at once; the next start ends what is left of its agents",
            daemon.pid
        ))?,
    }
    interrupted::tell(&interrupted::since(began, place.data()).await, output);
    Ok(ExitCode::Ok)
}
