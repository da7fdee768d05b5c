//! Where a data folder's daemon is met: its files, and its socket.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::private_file;

/// The longest path a socket is given. The system's own limit is 104 bytes on some systems, 108 on others.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// The socket's name.
const SOCKET: &str = "daemon.sock";

/// So much of the folder's hash tells folders apart.
const HASH_BYTES: usize = 8;

/// Where a data folder's daemon is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    data: PathBuf,
}

/// Why there is no place for a socket.
#[derive(Debug, Error)]
pub(crate) enum PlaceError {
    /// Its folder cannot be made.
    #[error("cannot make the folder {folder} for the socket: {cause}", folder = folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// Somebody else could take it over.
    #[error("the folder {folder} must be yours alone: remove it, or make its owner you and its mode 0700", folder = folder.display())]
    NotPrivate {
        /// The folder.
        folder: PathBuf,
    },
}

impl Place {
    /// The place of the daemon of the data folder `data`, which must be an absolute path.
    pub(crate) fn of(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// What the daemon tells about itself.
    pub(crate) fn announcement(&self) -> PathBuf {
        self.data.join("daemon.json")
    }

    /// What opens the daemon over TCP. There is one only while it listens there.
    pub(crate) fn token(&self) -> PathBuf {
        self.data.join("daemon.token")
    }

    /// Locked by whoever starts the daemon, until it is ready.
    pub(crate) fn start_lock(&self) -> PathBuf {
        self.data.join("daemon.start")
    }

    /// The folder with the daemon's log.
    pub(crate) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// Where the daemon's socket goes: into the data folder, or, when that path is too long for a socket, into a
    /// short folder that is the person's alone.
    ///
    /// # Errors
    /// When the short folder cannot be made, or is open to others.
    pub(crate) fn socket(&self) -> Result<PathBuf, PlaceError> {
        let near = self.data.join(SOCKET);
        if near.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(near);
        }
        let folder = short_folder(&self.data, std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
        private_file::create_folder(&folder).map_err(|cause| PlaceError::Folder { folder: folder.clone(), cause })?;
        must_be_private(&folder)?;
        Ok(folder.join(SOCKET))
    }
}

/// A folder with a short path that only this data folder has.
fn short_folder(data: &Path, runtime_folder: Option<PathBuf>) -> PathBuf {
    let hash = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let hash: Vec<String> = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let base = runtime_folder.filter(|folder| folder.is_absolute()).unwrap_or_else(std::env::temp_dir);
    base.join(format!("switchboard-{}", hash.concat()))
}

/// Anybody may make folders where temporary files go, so one that is there already may be a trap.
fn must_be_private(folder: &Path) -> Result<(), PlaceError> {
    let is_private = std::fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir() && found.mode() & 0o777 == 0o700 && found.uid() == rustix::process::geteuid().as_raw()
    });
    if is_private { Ok(()) } else { Err(PlaceError::NotPrivate { folder: folder.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_socket_is_in_the_data_folder_when_its_path_is_short_enough() {
        let place = Place::of(Path::new("/ada/.local/share/switchboard"));
        assert_eq!(place.socket().expect("short"), Path::new("/ada/.local/share/switchboard/daemon.sock"));
    }

    #[test]
    fn a_long_path_gets_a_short_folder_of_its_own() {
        let runtime_folder = Some(PathBuf::from("/run/user/1000"));
        let [one, other] = ["a", "b"].map(|letter| PathBuf::from(format!("/{}", letter.repeat(120))));
        let short = short_folder(&one, runtime_folder.clone());
        assert!(short.starts_with("/run/user/1000") && short.as_os_str().len() < 50, "{}", short.display());
        assert_ne!(short, short_folder(&other, runtime_folder.clone()));
        assert_eq!(short, short_folder(&one, runtime_folder));
        assert!(short_folder(&one, Some("relative".into())).is_absolute());
    }

    #[test]
    fn a_folder_that_others_can_enter_is_no_place_for_a_socket() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |mode| {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("changed");
        };
        mode(0o700);
        must_be_private(folder.path()).expect("private");
        mode(0o755);
        assert!(matches!(must_be_private(folder.path()), Err(PlaceError::NotPrivate { .. })));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/", &link).expect("a link");
        assert!(matches!(must_be_private(&link), Err(PlaceError::NotPrivate { .. })));
    }
}
