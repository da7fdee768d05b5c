//! A small coding agent for people who have only a model endpoint: `switchboard worker --endpoint …`.
//!
//! It is a sidecar like any other and speaks the native protocol by [`switchboard_sidecar::worker`] alone, so it
//! is also the example of a real one. From the outside in:
//!
//! - [`agent`] is the loop: ask the model, run what it wants to use, show it what came of that.
//! - [`client`] asks over HTTP, and [`retry`] and [`trouble`] know what to do when that fails; [`wire`] has the
//!   three formats that endpoints speak, without any I/O.
//! - [`conversation`] is what the model is shown, shortened when it grows too long and kept by [`memory`].
//! - [`tools`] is what the model may use, confined to the project by the
//!   [`ProjectFolder`](switchboard_sidecar::folder::ProjectFolder).
//! - [`budget`] counts what it costs; [`settings`] and [`endpoint`] say where to go and how far.

mod agent;
mod budget;
mod client;
mod conversation;
mod endpoint;
mod instructions;
mod memory;
mod retry;
mod settings;
#[cfg(test)]
mod tests;
mod tools;
mod trouble;
mod wire;

use std::io;
use std::path::Path;
use std::time::Duration;

use switchboard_domain::SessionId;
use switchboard_sidecar::worker::{Interrupted, Worker};

use agent::Coder;
pub(crate) use endpoint::{Endpoint, EndpointError};
pub(crate) use retry::retry_after;
pub(crate) use settings::{CoderArgs, Settings};
pub(crate) use wire::Api;

/// How long a tool that hangs on a disk may hold up the end of the program.
const SHUTDOWN_MAX: Duration = Duration::from_secs(1);

/// Is the agent on standard input and output until the session or the input ends.
///
/// # Errors
/// When there is no one left to talk to, or no means to talk to an endpoint.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(serve(settings, Worker::stdio()));
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    served
}

/// Removes from `folder` what the agent remembers of a session.
///
/// # Errors
/// When it is there and cannot be removed.
pub(crate) fn forget(folder: &Path, session_id: SessionId) -> io::Result<()> {
    memory::Memory::new(folder).forget(&session_id.to_string())
}

async fn serve(settings: Settings, mut worker: Worker) -> io::Result<()> {
    let mut coder = Coder::new(settings).map_err(io::Error::other)?;
    while let Some(mut turn) = worker.next_turn().await {
        match coder.answer(&mut turn).await {
            Ok(()) | Err(Interrupted::Closed) => {}
            Err(Interrupted::Aborted) => turn.failed("aborted").map_err(io::Error::other)?,
            Err(Interrupted::Write(error)) => return Err(error),
        }
    }
    Ok(())
}
