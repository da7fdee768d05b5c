//! Ends everything that belongs to an agent.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use switchboard_domain::WorkerProcess;

use super::census::{self, Process};
use super::members::{Identity, Known, members};

/// First pause between two looks at processes that were killed; doubles up to [`PAUSE_MAX`]. The kernel
/// needs about this long to take a process apart.
const PAUSE_MIN: Duration = Duration::from_micros(500);

/// Longest such pause: still short to whoever waits for a stop.
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// How an agent's processes can be told from others, wherever they have gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    variable: Vec<u8>,
    pipes: Vec<Vec<u8>>,
}

impl Marks {
    /// A `NAME=value` in the environment.
    pub(crate) fn variable(variable: &str) -> Self {
        Self { variable: variable.as_bytes().to_vec(), pipes: Vec::new() }
    }

    /// The same, or one of these pipes as a standard stream; each as the target of its link in `/proc/PID/fd`.
    pub(crate) fn or_pipes(mut self, pipes: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.pipes.extend(pipes);
        self
    }

    pub(super) fn are_on(&self, process: &Process) -> bool {
        process.has_variable(&self.variable) || self.pipes.iter().any(|pipe| process.holds_pipe(pipe))
    }
}

/// An agent and everything that it has started. All its methods block for as long as reading `/proc` takes.
#[derive(Debug)]
pub(crate) struct Quarry {
    root: WorkerProcess,
    root_is_ours: bool,
    marks: Marks,
    seen: HashSet<Identity>,
}

impl Quarry {
    /// Our own child, which may have been reaped, but only just.
    pub(crate) fn child(root: WorkerProcess, marks: Marks) -> Self {
        Self { root, root_is_ours: true, marks, seen: HashSet::new() }
    }

    /// A process that an earlier run of the program started; only what carries the marks is believed.
    pub(crate) fn recorded(root: WorkerProcess, marks: Marks) -> Self {
        Self { root, root_is_ours: false, marks, seen: HashSet::new() }
    }

    /// Everything that is alive now. What was seen once is recognised later, whatever it does.
    pub(crate) fn look(&mut self) -> Vec<u32> {
        self.living().into_iter().map(|(pid, _)| pid).collect()
    }

    /// Sends `SIGTERM` to everything that is alive now, once.
    pub(crate) fn terminate(&mut self) {
        self.signal_group(Signal::TERM);
        for identity in self.living() {
            if !self.is_in_group(identity) {
                signal(identity, Signal::TERM);
            }
        }
    }

    /// Kills everything, again and again until nothing is left or `patience` is over; says what is left.
    pub(crate) fn kill(&mut self, patience: Duration) -> Killed {
        let deadline = Instant::now() + patience;
        let mut pause = PAUSE_MIN;
        let mut killed = HashSet::new();
        loop {
            let living = self.freeze(deadline);
            self.signal_group(Signal::KILL);
            if living.is_empty() && !self.group_is_there() {
                return Killed { processes: killed.len(), survivors: Vec::new() };
            }
            for &identity in &living {
                signal(identity, Signal::KILL);
                killed.insert(identity);
            }
            if Instant::now() >= deadline {
                return Killed { processes: killed.len(), survivors: self.look() };
            }
            thread::sleep(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Stops everything in its tracks until a look shows nobody new: killing a process that still runs
    /// would give it time to fork, and its children time to lose their parent.
    fn freeze(&mut self, deadline: Instant) -> Vec<Identity> {
        let mut frozen = HashSet::new();
        loop {
            let living = self.living();
            let mut anyone_new = false;
            for &identity in &living {
                if frozen.insert(identity) {
                    anyone_new = true;
                    signal(identity, Signal::STOP);
                }
            }
            if !anyone_new || Instant::now() >= deadline {
                return living;
            }
        }
    }

    fn living(&mut self) -> Vec<Identity> {
        let census = census::take();
        let known = Known {
            root: (self.root.pid, self.root.started),
            root_is_ours: self.root_is_ours,
            marks: &self.marks,
            seen: &self.seen,
            own_pid: census::own_pid(),
        };
        let found = members(&census, &known).into_iter().map(|index| &census[index]);
        let living: Vec<Identity> =
            found.filter(|process| !process.is_zombie).map(|process| (process.pid, process.started)).collect();
        self.seen.extend(&living);
        living
    }

    fn is_in_group(&self, (pid, _): Identity) -> bool {
        self.root_is_reliable() && group_of(pid) == raw(self.root.pid)
    }

    /// Without `/proc` the group is all we can reach, and it is ours for sure only while its leader is our
    /// child. With it, a leader that is gone may have been followed by another with its id.
    fn root_is_reliable(&self) -> bool {
        let is_there =
            if cfg!(target_os = "linux") { census::started(self.root.pid) == Some(self.root.started) } else { true };
        self.root_is_ours && is_there
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = raw(self.root.pid).filter(|_| self.root_is_reliable()) {
            // No such group: they are gone, which is what we want.
            let _gone = kill_process_group(group, signal);
        }
    }

    /// Only where there is no better way to know.
    fn group_is_there(&self) -> bool {
        !cfg!(target_os = "linux")
            && raw(self.root.pid).is_some_and(|group| test_kill_process_group(group) != Err(Errno::SRCH))
    }
}

/// What a hunt came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) struct Killed {
    /// How many processes were killed.
    pub(crate) processes: usize,
    /// Those that are still there.
    pub(crate) survivors: Vec<u32>,
}

fn raw(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

fn group_of(pid: u32) -> Option<Pid> {
    rustix::process::getpgid(raw(pid)).ok()
}

/// Signals this very process and never another that got its id.
fn signal(identity: Identity, signal: Signal) {
    if let Err(error) = try_signal(identity, signal)
        && error != Errno::SRCH
    {
        tracing::warn!(pid = identity.0, ?signal, %error, "cannot signal a process of an agent");
    }
}

#[cfg(target_os = "linux")]
fn try_signal((pid, started): Identity, signal: Signal) -> Result<(), Errno> {
    use rustix::process::{PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};
    let raw = raw(pid).ok_or(Errno::SRCH)?;
    match pidfd_open(raw, PidfdFlags::empty()) {
        // The descriptor holds on to one process; checking after opening leaves no gap.
        Ok(process) if census::is_alive(pid, started) => pidfd_send_signal(process, signal),
        Err(Errno::NOSYS) if census::is_alive(pid, started) => kill_process(raw, signal),
        Ok(_) => Err(Errno::SRCH),
        Err(error) => Err(error),
    }
}

/// Never called: without `/proc` no process but the group is known.
#[cfg(not(target_os = "linux"))]
fn try_signal(_: Identity, _: Signal) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
