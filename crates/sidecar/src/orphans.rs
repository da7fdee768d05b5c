//! What an earlier run of the program left behind when it was killed.

use std::time::Duration;

use switchboard_domain::{SessionId, WorkerProcess};

use crate::launch::session_mark;
use crate::tree::{Killed, Marks, Quarry};

/// How long orphans have to die of `SIGKILL`. Anything longer than an instant means that the kernel is
/// stuck, so this is only a bound.
const PATIENCE: Duration = Duration::from_secs(5);

/// No process has the id 0, so nothing is taken for the recorded one.
const NOBODY: WorkerProcess = WorkerProcess { pid: 0, started: 0 };

/// What was found of an earlier run, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Orphans {
    /// Nothing was left.
    None,
    /// All of these many processes were killed.
    Ended(usize),
    /// These processes could not be killed: stuck in the kernel, or run by another user.
    Surviving(Vec<u32>),
}

/// Kills whatever is left of `worker`, which an earlier run of the program started for `session`, and of
/// all it started in turn. Returns when it is gone.
///
/// Without a recorded worker, because the earlier run was killed between starting and recording it, the
/// session's mark alone tells what to kill.
///
/// Harmless when nothing is left, whoever has the process id now: a process is believed to be the recorded one
/// only when it started at the recorded moment *and* carries the session's mark in its environment. Whatever else
/// carries that mark is killed too, so no line may serve `session` while this runs.
///
/// Knows nothing to kill where there is no `/proc` (macOS): process ids alone prove nothing.
pub async fn end(worker: Option<WorkerProcess>, session: SessionId) -> Orphans {
    let mut quarry = Quarry::recorded(worker.unwrap_or(NOBODY), Marks::variable(&session_mark(session)));
    let hunt = tokio::task::spawn_blocking(move || quarry.kill(PATIENCE));
    match hunt.await {
        Ok(Killed { processes: 0, survivors }) if survivors.is_empty() => Orphans::None,
        Ok(Killed { processes, survivors }) if survivors.is_empty() => Orphans::Ended(processes),
        Ok(Killed { survivors, .. }) => Orphans::Surviving(survivors),
        // The runtime is shutting down; whoever starts next asks again.
        Err(_) => Orphans::None,
    }
}
