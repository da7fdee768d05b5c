//! Whoever owns a data folder in the end: a daemon that a test left running.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use switchboard_persistence::{DataFolder, Owner};

use crate::eventually;

/// The process that owns the data folder `path` right now, if one does and says who it is.
///
/// # Panics
/// When the folder's lock cannot be looked at.
pub fn owner_of(path: &Path) -> Option<u32> {
    match DataFolder::owner(path).expect("the lock can be looked at") {
        Owner::Process(Some(holder)) => Some(holder.pid),
        Owner::Process(None) | Owner::Nobody => None,
    }
}

/// Kills whoever owns a data folder when it goes out of scope, so that a failing test leaves no daemon behind.
pub(crate) struct OwnerEnds(pub(crate) PathBuf);

impl Drop for OwnerEnds {
    fn drop(&mut self) {
        let Ok(Owner::Process(Some(holder))) = DataFolder::owner(&self.0) else { return };
        let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| holder.pid != std::process::id()) else { return };
        // It may have ended in this moment.
        let _ = kill_process(pid, Signal::KILL);
        if !std::thread::panicking() {
            eventually("the end of the daemon", || owner_of(&self.0).is_none().then_some(()));
        }
    }
}
