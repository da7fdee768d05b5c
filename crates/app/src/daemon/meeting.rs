//! Finding the daemon of a data folder, and starting it when there is none.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

use super::announcement::{Announcement, VERSION};
use super::place::Place;
use super::readiness::Refusal;
use super::serve::ServeOptions;
use super::spawn::{self, SpawnError};
use crate::client::Client;
use crate::private_file;
use crate::setup::Setup;

/// How long a daemon may take to accept a connection; it does nothing else in that task.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long a start may take. A large database and what a killed predecessor left behind are dealt with in it.
pub(crate) const START_PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at what another starter does.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A daemon that was refused the data folder met its owner; if that is a daemon too, it is ready within this.
const REFUSED_PATIENCE: Duration = Duration::from_secs(5);

/// The exit code of who was refused the data folder.
const LOCKED: u8 = 75;

/// Why there is no daemon to talk to.
#[derive(Debug, Error)]
pub(crate) enum MeetError {
    /// It is of another version than this program.
    #[error("the daemon (process {}) is of version {}, this is {VERSION}", .0.pid, .0.version)]
    OtherVersion(Box<Announcement>),
    /// There is a socket, and nobody accepts.
    #[error("cannot reach the daemon at {socket}: {cause}", socket = socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The data folder cannot be written.
    #[error("cannot write to the data folder {folder}: {cause}", folder = folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The daemon could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The daemon refused to start.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// It takes too long.
    #[error("the daemon was not ready within {START_PATIENCE:?}")]
    Slow,
}

/// A client of the daemon of this setup, if one runs. Starts none.
///
/// # Errors
/// When it is of another version, or does not accept.
pub(crate) async fn find(setup: &Setup) -> Result<Option<Client>, MeetError> {
    let daemon = running(&Place::of(setup.folders.data())).await?;
    Ok(daemon.map(|daemon| Client::over_socket(daemon.socket)))
}

/// A client of the daemon of this setup; starts one if there is none.
///
/// # Errors
/// See [`MeetError`].
pub(crate) async fn ensure(setup: &Setup) -> Result<Client, MeetError> {
    let arguments = spawn::serve_arguments(setup, ServeOptions::default());
    let daemon = bring_up(&Place::of(setup.folders.data()), &arguments).await?;
    Ok(Client::over_socket(daemon.socket))
}

/// The daemon of this place, if one runs and is of this version. Starts none.
///
/// # Errors
/// When it is of another version, or does not accept.
pub(crate) async fn running(place: &Place) -> Result<Option<Announcement>, MeetError> {
    match look(place).await? {
        Some((announcement, _)) if !announcement.is_of_this_version() => {
            Err(MeetError::OtherVersion(Box::new(announcement)))
        }
        found => Ok(found.map(|(announcement, _)| announcement)),
    }
}

/// The daemon of this place, whatever its version, and a connection to it.
///
/// # Errors
/// When it does not accept.
pub(crate) async fn look(place: &Place) -> Result<Option<(Announcement, UnixStream)>, MeetError> {
    let Some(announcement) = Announcement::read(&place.announcement()) else { return Ok(None) };
    let connected = timeout(CONNECT_PATIENCE, connect(&announcement.socket)).await;
    match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => Ok(Some((announcement, stream))),
        // It was killed and left these files behind, or is just ending.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(cause) => Err(MeetError::Unreachable { socket: announcement.socket, cause }),
    }
}

async fn connect(socket: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(socket).await {
            // So many connect at once that the line of those who wait is full.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(LOOK_EVERY).await,
            outcome => return outcome,
        }
    }
}

/// The daemon of this place; starts one if there is none. Of many who do this at once one starts it.
///
/// `arguments` are those of `switchboard serve`.
///
/// # Errors
/// See [`MeetError`].
pub(crate) async fn bring_up(place: &Place, arguments: &[OsString]) -> Result<Announcement, MeetError> {
    let deadline = Instant::now() + START_PATIENCE;
    let _lock = match find_or_lock(place, deadline).await? {
        Start::Running(announcement) => return Ok(announcement),
        Start::Mine(lock) => lock,
    };
    match spawn::background(place, arguments, deadline).await {
        Ok(()) => running(place).await?.ok_or(MeetError::Slow),
        Err(SpawnError::Refused(refusal)) if refusal.code == LOCKED => {
            let deadline = Instant::now() + REFUSED_PATIENCE;
            wait_for(place, deadline).await?.ok_or(MeetError::Refused(refusal))
        }
        Err(SpawnError::Refused(refusal)) => Err(MeetError::Refused(refusal)),
        Err(SpawnError::Slow) => Err(MeetError::Slow),
        Err(error) => Err(error.into()),
    }
}

/// The right to start a daemon, until it is dropped.
#[derive(Debug)]
pub(crate) struct StartLock {
    _file: File,
}

/// Who starts the daemon.
#[derive(Debug)]
pub(crate) enum Start {
    /// Nobody has to.
    Running(Announcement),
    /// Whoever asked.
    Mine(StartLock),
}

/// Waits until there is a daemon, or it is ours to start one.
///
/// # Errors
/// When neither comes about in time.
pub(crate) async fn find_or_lock(place: &Place, deadline: Instant) -> Result<Start, MeetError> {
    let failed = |cause| MeetError::Folder { folder: place.data().to_owned(), cause };
    private_file::create_folder(place.data()).map_err(failed)?;
    let file = private_file::append(&place.start_lock()).map_err(failed)?;
    loop {
        if let Some(announcement) = running(place).await? {
            return Ok(Start::Running(announcement));
        }
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(LOOK_EVERY).await,
            Err(TryLockError::WouldBlock) => return Err(MeetError::Slow),
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
    }
    // Whoever had the lock before may have been ready just now.
    Ok(match running(place).await? {
        Some(announcement) => Start::Running(announcement),
        None => Start::Mine(StartLock { _file: file }),
    })
}

async fn wait_for(place: &Place, deadline: Instant) -> Result<Option<Announcement>, MeetError> {
    loop {
        let found = running(place).await?;
        if found.is_some() || Instant::now() >= deadline {
            return Ok(found);
        }
        sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;
    use crate::api::wire::Epoch;

    /// A place with an announcement of this version.
    fn announced(folder: &Path, version: &str) -> Place {
        let place = Place::of(folder);
        let socket = place.socket().expect("a short path");
        let since = chrono::DateTime::UNIX_EPOCH.into();
        let announcement =
            Announcement { pid: 7, version: version.to_owned(), epoch: Epoch::fresh(), socket, tcp: None, since };
        announcement.publish(&place.announcement()).expect("written");
        place
    }

    #[tokio::test]
    async fn what_a_killed_daemon_announced_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = announced(folder.path(), VERSION);
        assert_eq!(running(&place).await.expect("looked"), None, "no socket");
        drop(UnixListener::bind(place.socket().expect("short")).expect("bound"));
        assert_eq!(running(&place).await.expect("looked"), None, "nobody at the socket");
    }

    #[tokio::test]
    async fn a_daemon_of_another_version_is_found_and_not_talked_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = announced(folder.path(), "0.0.1");
        let _listener = UnixListener::bind(place.socket().expect("short")).expect("bound");
        let refused = running(&place).await.expect_err("of another version").to_string();
        assert_eq!(refused, format!("the daemon (process 7) is of version 0.0.1, this is {VERSION}"));
        let (found, _) = look(&place).await.expect("looked").expect("there");
        assert_eq!(found.version, "0.0.1");
    }

    #[tokio::test]
    async fn a_start_is_one_starters_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::of(folder.path());
        let lock = find_or_lock(&place, Instant::now()).await.expect("nobody starts");
        assert!(matches!(lock, Start::Mine(_)));
        let late = find_or_lock(&place, Instant::now()).await;
        assert!(matches!(late, Err(MeetError::Slow)), "{late:?}");
        drop(lock);
        assert!(matches!(find_or_lock(&place, Instant::now()).await, Ok(Start::Mine(_))));
    }
}
