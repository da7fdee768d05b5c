//! What a daemon tells about itself, in a file that front ends read to find it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use switchboard_domain::Timestamp;

use crate::api::wire::Epoch;
use crate::private_file;

/// The version of this program. A front end talks only to a daemon of its own version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a daemon tells about itself. There is one while it can be reached; a daemon that was killed leaves a
/// stale one behind, so only an answer on the socket shows that it is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// Its process, as it numbers it itself.
    pub(crate) pid: u32,
    /// The version of the program.
    pub(crate) version: String,
    /// Names this life of the daemon: revisions of another one mean nothing in it.
    pub(crate) epoch: Epoch,
    /// Where its socket is.
    pub(crate) socket: PathBuf,
    /// Where it listens for TCP, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tcp: Option<SocketAddr>,
    /// When it was ready.
    pub(crate) since: Timestamp,
}

impl Announcement {
    /// Writes it, all at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn publish(&self, file: &Path) -> io::Result<()> {
        private_file::replace(file, &serde_json::to_vec(self)?)
    }

    /// Reads it; `None` when there is none, or none that this version understands.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    /// Whether it is of the same version as this program.
    pub(crate) fn is_of_this_version(&self) -> bool {
        self.version == VERSION
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn announcement(version: &str) -> Announcement {
        let socket = "/data/daemon.sock".into();
        let (epoch, since) = (Epoch::fresh(), chrono::DateTime::UNIX_EPOCH.into());
        Announcement { pid: 7, version: version.to_owned(), epoch, socket, tcp: None, since }
    }

    #[test]
    fn what_is_published_is_read_by_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("daemon.json");
        assert_eq!(Announcement::read(&file), None);
        for version in [VERSION, "0.0.1"] {
            let announcement = announcement(version);
            announcement.publish(&file).expect("written");
            assert_eq!(Announcement::read(&file), Some(announcement));
        }
        let mode = std::fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!Announcement::read(&file).expect("there").is_of_this_version());
    }

    #[test]
    fn a_file_of_another_kind_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("daemon.json");
        for text in ["", "{}", "{\"pid\":", "[]"] {
            std::fs::write(&file, text).expect("written");
            assert_eq!(Announcement::read(&file), None, "{text}");
        }
    }
}
