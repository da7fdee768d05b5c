//! What the kernel says about every process, read from `/proc`.
//!
//! Format: `proc_pid_stat(5)`, `proc_pid_environ(5)`, `proc_pid_fd(5)`.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;

use rustix::process::Pid;

/// The environment of a process can be megabytes; ours stands in it somewhere, so all of it is read, but
/// no more than the kernel allows by default.
const ENVIRON_BYTES_MAX: u64 = 2 << 20;

/// One process at the moment of the census.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    /// In clock ticks since boot. Together with the id it names one process for as long as the machine runs.
    pub(super) started: u64,
    /// Whether it has ended and only waits for its parent to look.
    pub(super) is_zombie: bool,
    /// Read only when asked for, and once for all who ask.
    belongings: OnceLock<Belongings>,
}

/// What a process carries around.
#[derive(Debug, Default)]
pub(super) struct Belongings {
    environ: Vec<u8>,
    /// What its standard streams are.
    streams: Vec<Vec<u8>>,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        parse_stat(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Whether its environment holds this `NAME=value`.
    pub(super) fn has_variable(&self, variable: &[u8]) -> bool {
        self.belongings().environ.split(|&byte| byte == 0).any(|entry| entry == variable)
    }

    /// Whether one of its standard streams is this pipe.
    pub(super) fn holds_pipe(&self, pipe: &[u8]) -> bool {
        self.belongings().streams.iter().any(|stream| stream == pipe)
    }

    fn belongings(&self) -> &Belongings {
        self.belongings.get_or_init(|| Belongings::read(self.pid))
    }

    #[cfg(test)]
    pub(super) fn imagined(pid: u32, parent: u32, group: u32, started: u64, environ: &[u8]) -> Self {
        let belongings = OnceLock::from(Belongings { environ: environ.to_vec(), streams: Vec::new() });
        Self { pid, parent, group, started, is_zombie: false, belongings }
    }
}

impl Belongings {
    /// All that may be read; nothing of another user's process.
    fn read(pid: u32) -> Self {
        let mut environ = Vec::new();
        if let Ok(file) = fs::File::open(format!("/proc/{pid}/environ")) {
            // A process that ends while it is read has nothing to show, which is the truth about it.
            let _shorter = file.take(ENVIRON_BYTES_MAX).read_to_end(&mut environ);
        }
        let link = |stream| fs::read_link(format!("/proc/{pid}/fd/{stream}")).ok();
        let streams = (0..3).filter_map(link).map(|target| target.as_os_str().as_bytes().to_vec()).collect();
        Self { environ, streams }
    }
}

/// `pid (comm) state ppid pgrp session … starttime …`; the name may hold anything, parentheses too.
fn parse_stat(pid: u32, stat: &[u8]) -> Option<Process> {
    let after_name = memchr::memrchr(b')', stat)? + 2;
    let rest = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    // The third field was the group; the 22nd of the whole line is the start.
    let started = fields.nth(16)?.parse().ok()?;
    Some(Process { pid, parent, group, started, is_zombie: matches!(state, "Z" | "X"), ..Process::default() })
}

/// When the process with this id started, in clock ticks since boot; `None` when there is none.
pub(crate) fn started(pid: u32) -> Option<u64> {
    Process::read(pid).map(|process| process.started)
}

/// Whether this very process is there and has not ended.
pub(super) fn is_alive(pid: u32, started: u64) -> bool {
    Process::read(pid).is_some_and(|process| process.started == started && !process.is_zombie)
}

pub(super) fn own_pid() -> u32 {
    id(rustix::process::getpid())
}

fn id(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}

/// All processes at one moment not before the call.
///
/// Many agents that stop at once share one look: a census that began after a caller asked is as good as
/// its own.
pub(super) fn take() -> Arc<Vec<Process>> {
    static LATEST: Mutex<Option<(Instant, Weak<Vec<Process>>)>> = Mutex::new(None);
    let asked = Instant::now();
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((began, census)) = latest.as_ref()
        && *began >= asked
        && let Some(census) = census.upgrade()
    {
        return census;
    }
    let began = Instant::now();
    let census = Arc::new(count());
    *latest = Some((began, Arc::downgrade(&census)));
    census
}

fn count() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_full_of_traps_is_no_obstacle() {
        let stat = b"42 (a) b (S 1 2) Z 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 2\n";
        let process = parse_stat(42, stat).expect("parses");
        assert_eq!((process.pid, process.parent, process.group, process.started), (42, 7, 8, 123_456));
        assert!(process.is_zombie);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn we_are_among_the_living() {
        let census = take();
        let us = census.iter().find(|process| process.pid == own_pid()).expect("ourselves");
        assert!(is_alive(us.pid, us.started) && !is_alive(us.pid, us.started + 1));
        assert!(us.has_variable(format!("PATH={}", std::env::var("PATH").expect("a path")).as_bytes()));
    }
}
