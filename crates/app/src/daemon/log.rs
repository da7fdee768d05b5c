//! The daemon's log: JSON lines in files of bounded size and number, readable by their owner alone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use crate::private_file;

/// The newest file; older ones are `daemon.1.log` and so on.
const NEWEST: &str = "daemon.log";

/// A file that large is rolled. Ordinary days are far below it.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// How many files there are at most: the newest, and four from before.
const FILES_MAX: usize = 5;

/// The log. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    bytes_max: u64,
    current: Arc<Mutex<Current>>,
}

#[derive(Debug)]
struct Current {
    file: File,
    bytes: u64,
}

impl Log {
    /// Opens the log in `folder`, which is made if need be, and goes on where it ends.
    ///
    /// # Errors
    /// When folder or file cannot be written.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        Self::open_with(folder, FILE_BYTES_MAX)
    }

    fn open_with(folder: &Path, bytes_max: u64) -> io::Result<Self> {
        private_file::create_folder(folder)?;
        let current = Arc::new(Mutex::new(Current::open(folder)?));
        Ok(Self { folder: folder.to_owned(), bytes_max, current })
    }

    /// Puts what is there aside and begins a new file; does nothing when nothing is there.
    ///
    /// # Errors
    /// When the files cannot be moved. What is logged from then on goes where it went before.
    pub(crate) fn roll(&self) -> io::Result<()> {
        let mut current = self.current.lock();
        if current.bytes == 0 && self.folder.join(NEWEST).exists() { Ok(()) } else { self.roll_locked(&mut current) }
    }

    fn roll_locked(&self, current: &mut Current) -> io::Result<()> {
        // Somebody may have taken the whole folder away.
        private_file::create_folder(&self.folder)?;
        for age in (0..FILES_MAX - 1).rev() {
            match fs::rename(self.file(age), self.file(age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        *current = Current::open(&self.folder)?;
        Ok(())
    }

    /// The file that was rolled so many times.
    fn file(&self, age: usize) -> PathBuf {
        self.folder.join(if age == 0 { NEWEST.to_owned() } else { format!("daemon.{age}.log") })
    }
}

impl Current {
    fn open(folder: &Path) -> io::Result<Self> {
        let file = private_file::append(&folder.join(NEWEST))?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }
}

/// Each call writes one whole line: that is how the subscriber writes.
impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut current = self.current.lock();
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if current.bytes > 0 && current.bytes.saturating_add(bytes) > self.bytes_max {
            // A log that cannot be rolled is still better than none.
            let _goes_on = self.roll_locked(&mut current);
        }
        current.file.write_all(line)?;
        current.bytes = current.bytes.saturating_add(bytes);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("there").map(|entry| entry.expect("readable").file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_bounded_in_size_and_number_and_private() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().join("logs");
        let log = Log::open_with(&folder, 100).expect("opened");
        for line in 0..100 {
            (&log).write_all(format!("{line:0>39}\n").as_bytes()).expect("written");
        }
        assert_eq!(names(&folder), ["daemon.1.log", "daemon.2.log", "daemon.3.log", "daemon.4.log", "daemon.log"]);
        for name in names(&folder) {
            let found = fs::metadata(folder.join(name)).expect("there");
            assert!(found.len() <= 100);
            assert_eq!(found.permissions().mode() & 0o777, 0o600);
        }
        let newest = fs::read_to_string(folder.join("daemon.log")).expect("read");
        assert!(newest.ends_with("99\n") && newest.lines().count() == 2, "{newest}");
    }

    #[test]
    fn a_restart_goes_on_where_the_log_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        for line in ["one\n", "two\n"] {
            (&Log::open(folder.path()).expect("opened")).write_all(line.as_bytes()).expect("written");
        }
        assert_eq!(fs::read_to_string(folder.path().join("daemon.log")).expect("read"), "one\ntwo\n");
    }

    #[test]
    fn rolling_begins_a_new_file_also_where_the_old_one_was_taken_away() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().join("logs");
        let log = Log::open(&folder).expect("opened");
        log.roll().expect("nothing to roll");
        assert_eq!(names(&folder), ["daemon.log"]);
        (&log).write_all(b"old\n").expect("written");
        log.roll().expect("rolled");
        (&log).write_all(b"new\n").expect("written");
        assert_eq!(fs::read_to_string(folder.join("daemon.1.log")).expect("read"), "old\n");
        fs::remove_dir_all(&folder).expect("removed");
        log.roll().expect("made again");
        (&log).write_all(b"again\n").expect("written");
        assert_eq!(fs::read_to_string(folder.join("daemon.log")).expect("read"), "again\n");
    }
}
