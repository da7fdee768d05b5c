//! Ending a daemon from outside.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use switchboard_persistence::{DataFolder, Holder, OpenError, Owner};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::announcement::Announcement;
use super::meeting::{self, MeetError};
use super::place::Place;
use super::serve::SHUTDOWN_MAX;

/// What a daemon gets on top of what it takes at most, before it is told that it is late.
const MARGIN: Duration = Duration::from_secs(3);

/// How long a daemon has to leave at once.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Between two looks at whether it has gone.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What became of the daemon that was to end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Stopped {
    /// There was none.
    NoneRan,
    /// It ended by itself, once it was told.
    Ended(Announcement),
    /// It took too long, was told again, and left what it was doing.
    Hurried(Announcement),
}

/// Why a daemon was not ended.
#[derive(Debug, Error)]
pub(crate) enum StopError {
    /// It cannot be reached.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// Another process has the data folder, and that is no daemon.
    #[error("the data folder belongs to {}, which is no daemon", holder(.0.as_ref()))]
    NoDaemon(Option<Holder>),
    /// The data folder cannot be looked at.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// The system does not say who it is, or lets nobody tell it to end.
    #[error("cannot tell the daemon to end: {0}")]
    NotTold(#[source] io::Error),
    /// It does not end.
    #[error("the daemon (process {pid}) was told to end twice, and does not")]
    Stuck {
        /// The process.
        pid: i32,
    },
}

fn holder(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "a process that does not say who it is".to_owned(), ToString::to_string)
}

/// Tells the daemon of this place to end, whatever its version, and waits until it has.
///
/// Who is told is whoever holds the other end of its socket: the system knows that, so no process is ever mistaken
/// for it, also where a container numbers processes anew.
///
/// # Errors
/// See [`StopError`].
pub(crate) async fn stop(place: &Place) -> Result<Stopped, StopError> {
    let Some((announcement, stream)) = meeting::look(place).await? else {
        return match DataFolder::owner(place.data())? {
            Owner::Nobody => Ok(Stopped::NoneRan),
            Owner::Process(holder) => Err(StopError::NoDaemon(holder)),
        };
    };
    let peer = stream.peer_cred().map_err(StopError::NotTold)?;
    let pid = peer.pid().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| StopError::NotTold(io::Error::other("it runs in another container")))?;
    drop(stream);
    tell(pid)?;
    if is_free_within(place, SHUTDOWN_MAX + MARGIN).await? {
        return Ok(Stopped::Ended(announcement));
    }
    tell(pid)?;
    if is_free_within(place, AT_ONCE).await? {
        return Ok(Stopped::Hurried(announcement));
    }
    Err(StopError::Stuck { pid: pid.as_raw_nonzero().get() })
}

fn tell(pid: Pid) -> Result<(), StopError> {
    match kill_process(pid, Signal::TERM) {
        // It has ended in this very moment.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(StopError::NotTold(error.into())),
    }
}

async fn is_free_within(place: &Place, limit: Duration) -> Result<bool, StopError> {
    let deadline = Instant::now() + limit;
    loop {
        if DataFolder::owner(place.data())? == Owner::Nobody {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(LOOK_EVERY).await;
    }
}
