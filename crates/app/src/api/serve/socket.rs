//! A unix socket that only its user can reach.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

/// Only its user may do anything with it.
const FOLDER_MODE: u32 = 0o700;
/// Only its user may connect.
const SOCKET_MODE: u32 = 0o600;

/// A listener at `path`, reachable by this user alone: its folder is made if need be, and closed to others.
///
/// # Errors
/// When the folder belongs to somebody else, something is at `path` already, or the system refuses.
pub fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let metadata = fs::metadata(folder)?;
    if metadata.uid() != us() {
        let what = format!("the folder {} belongs to another user", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    if metadata.permissions().mode() & 0o777 != FOLDER_MODE {
        fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    // Others cannot reach the socket between the two lines: its folder is closed.
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// Whether the process at the other end belongs to this user. Permissions say so already; this holds
/// where they are not looked at, and when the socket was handed on.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == us())
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}
