//! The folder that holds everything, and the lock that gives it to one process at a time.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::OpenError;
use crate::private_file;

/// The lock's file inside the folder. It stays behind when the process ends; only the lock counts.
const LOCK_FILE: &str = "switchboard.lock";
/// The database's file inside the folder.
const DATABASE_FILE: &str = "switchboard.db";
/// What the database refused, a JSON object per line.
const DEAD_LETTER_FILE: &str = "dead-letters.jsonl";
/// More than a holder ever writes about itself, so that a lock file of another kind is not read whole.
const HOLDER_BYTES_MAX: u64 = 256;

/// A data folder that belongs to this process until the value is dropped or the process ends, however it ends.
///
/// The operating system holds the lock, so none is left behind by a crash. Take it before any work
/// that a second process must not do at the same time, and hand it to
/// [`SqlitePersistence::open`](crate::SqlitePersistence::open), which keeps it.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// The process that holds a data folder, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// When it took the folder.
    pub since: DateTime<Utc>,
}

impl DataFolder {
    /// Takes the folder, and makes it (mode 0700) if it is not there.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process has it, [`OpenError::Folder`] when it cannot be
    /// made or written to.
    pub fn lock(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let failed = |source| OpenError::Folder { folder: path.clone(), source };
        private_file::create_folder(&path).map_err(failed)?;
        let mut lock = private_file::open(&path.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { folder: path, holder: Holder::read(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        Holder::this_process().write(&mut lock).map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Who has the folder at `path` right now; it need not exist. Looks at the lock for a moment, so
    /// whoever is refused the folder just then should try again.
    ///
    /// # Errors
    /// [`OpenError::Folder`] when the lock cannot be looked at.
    pub fn owner(path: &Path) -> Result<Owner, OpenError> {
        let failed = |source| OpenError::Folder { folder: path.to_owned(), source };
        let mut lock = match File::open(path.join(LOCK_FILE)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Owner::Nobody),
            Err(error) => return Err(failed(error)),
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(Owner::Nobody),
            Err(TryLockError::WouldBlock) => Ok(Owner::Process(Holder::read(&mut lock))),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        database_in(&self.path)
    }

    /// The file with what the database refused.
    pub fn dead_letters(&self) -> PathBuf {
        self.path.join(DEAD_LETTER_FILE)
    }
}

/// Whether a process has a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// None has.
    Nobody,
    /// One has, and this is it if it says so.
    Process(Option<Holder>),
}

/// The database's file in a data folder.
pub(crate) fn database_in(folder: &Path) -> PathBuf {
    folder.join(DATABASE_FILE)
}

impl Holder {
    fn this_process() -> Self {
        Self { pid: std::process::id(), since: Utc::now() }
    }

    fn write(&self, file: &mut File) -> io::Result<()> {
        file.set_len(0)?;
        file.write_all(format!("{} {}\n", self.pid, self.since.to_rfc3339_opts(SecondsFormat::Secs, true)).as_bytes())
    }

    /// `None` when the holder has not written anything yet, or this system lets nobody else read it.
    fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.take(HOLDER_BYTES_MAX).read_to_string(&mut text).ok()?;
        let (pid, since) = text.trim_end().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, since: since.parse().ok()? })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} since {}", self.pid, self.since.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// Removes a file that may not be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_free_again_after_the_holder_is_gone() {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().join("deep").join("down");
        let held = DataFolder::lock(&path).expect("free");
        match DataFolder::lock(&path) {
            Err(OpenError::Locked { folder, holder: Some(holder) }) => {
                assert_eq!((folder, holder.pid), (path.clone(), std::process::id()));
            }
            other => panic!("the holder should be named, not {other:?}"),
        }
        let seen = DataFolder::owner(&path).expect("looked");
        assert!(matches!(seen, Owner::Process(Some(holder)) if holder.pid == std::process::id()));
        drop(held);
        assert_eq!(DataFolder::owner(&path).expect("looked"), Owner::Nobody);
        DataFolder::lock(&path).expect("free again");
    }

    #[test]
    fn a_lock_file_that_says_nothing_is_still_a_lock() {
        let temporary = tempfile::tempdir().expect("a folder");
        let file = File::create(temporary.path().join(LOCK_FILE)).expect("a file");
        file.try_lock().expect("free");
        for text in ["", "\u{0}\u{1}", "12", "x 2026-01-01T00:00:00Z", &"9".repeat(10_000)] {
            fs::write(temporary.path().join(LOCK_FILE), text).expect("written");
            let refused = DataFolder::lock(temporary.path());
            assert!(matches!(refused, Err(OpenError::Locked { holder: None, .. })), "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let temporary = tempfile::tempdir().expect("a folder");
        let file = temporary.path().join("file");
        fs::write(&file, "text").expect("written");
        assert!(matches!(DataFolder::lock(&file), Err(OpenError::Folder { .. })));
        assert_eq!(fs::read_to_string(&file).expect("read"), "text");
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_lock_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;

        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().join("new");
        let _held = DataFolder::lock(&path).expect("free");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(LOCK_FILE))), (0o700, 0o600));
    }
}
