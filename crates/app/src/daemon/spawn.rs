//! Starting this program in the background, as a daemon.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use thiserror::Error;
use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use super::place::Place;
use super::readiness::{Readiness, Refusal};
use super::serve::ServeOptions;
use crate::private_file;
use crate::setup::Setup;

/// What the daemon and its libraries write past the log: a panic, mostly. Begun anew with each start.
const STDERR_FILE: &str = "stderr.log";

/// Marks of an agent. A daemon that an agent happens to start is no part of that agent, and does not end with it.
const AGENT_MARKS: [&str; 2] = ["SWITCHBOARD_SESSION", "SWITCHBOARD_LAUNCH"];

/// Why there is no daemon in the background.
#[derive(Debug, Error)]
pub(crate) enum SpawnError {
    /// The program or its files are not there.
    #[error("cannot start the daemon: {0}")]
    NotStarted(#[source] io::Error),
    /// It says why not.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// It ended without a word.
    #[error("the daemon ended before it was ready ({status}); its last words are in {stderr}", stderr = stderr.display())]
    Died {
        /// How.
        status: ExitStatus,
        /// Where its last words are.
        stderr: PathBuf,
    },
    /// It takes too long.
    #[error("the daemon was not ready in time")]
    Slow,
}

/// What `switchboard` is to be told to be the daemon of `setup` in the background.
pub(crate) fn serve_arguments(setup: &Setup, options: ServeOptions) -> Vec<OsString> {
    let home = setup.folders.home().into_iter().flat_map(|home| ["--home".into(), home.as_os_str().to_owned()]);
    let listen = options.listen.into_iter().flat_map(|address| ["--listen".into(), address.to_string().into()]);
    ["serve".into(), "--background".into()].into_iter().chain(home).chain(listen).collect()
}

/// Runs `switchboard ARGUMENTS` in the background, and waits until it is ready.
///
/// It leaves this terminal by itself; see [`leave_terminal`]. It survives this process, and this call when that
/// is given up.
///
/// # Errors
/// When it does not become ready before `deadline`.
pub(crate) async fn background(place: &Place, arguments: &[OsString], deadline: Instant) -> Result<(), SpawnError> {
    let (mut command, stderr) = command(place, arguments).map_err(SpawnError::NotStarted)?;
    let mut child = command.spawn().map_err(SpawnError::NotStarted)?;
    let says = child.stdout.take().ok_or_else(|| SpawnError::NotStarted(io::ErrorKind::BrokenPipe.into()))?;
    match timeout_at(deadline, Readiness::hear(says)).await.map_err(|_| SpawnError::Slow)? {
        Some(Readiness::Ready) => Ok(()),
        Some(Readiness::Refused(refusal)) => Err(SpawnError::Refused(refusal)),
        None => {
            let ended = timeout_at(deadline, child.wait()).await.map_err(|_| SpawnError::Slow)?;
            Err(SpawnError::Died { status: ended.map_err(SpawnError::NotStarted)?, stderr })
        }
    }
}

fn command(place: &Place, arguments: &[OsString]) -> io::Result<(Command, PathBuf)> {
    private_file::create_folder(&place.logs())?;
    let stderr = place.logs().join(STDERR_FILE);
    private_file::remove(&stderr)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(private_file::append(&stderr)?);
    for mark in AGENT_MARKS {
        command.env_remove(mark);
    }
    // No folder that somebody wants to unmount or remove is kept busy.
    command.current_dir("/").kill_on_drop(false);
    Ok((command, stderr))
}

/// Makes this process the leader of a session of its own, so that closing the terminal that it was started from
/// does not concern it.
///
/// The parent cannot do this for it: code between fork and exec would be unsafe, and slow for a large parent.
pub(crate) fn leave_terminal() {
    // Refused only to who leads a group already: then somebody has seen to it.
    let _is_leader = rustix::process::setsid();
}
