//! A process under test, from its start to its end.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::{Captured, eventually, within};

/// How long the pipes of a process that has ended are read on; they stay open when it left children behind.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// A process that runs. When it goes out of scope its process group is killed, so that a failing test leaves nothing behind.
pub struct Running {
    child: Child,
    /// What it writes to its standard output.
    pub stdout: Captured,
    /// What it writes to its standard error.
    pub stderr: Captured,
}

/// A process that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it told its parent.
    pub status: ExitStatus,
    /// All it wrote to its standard output.
    pub stdout: String,
    /// All it wrote to its standard error.
    pub stderr: String,
}

impl Running {
    /// Starts `command` in a process group of its own, with pipes at all three ends.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = Captured::follow(child.stdout.take().expect("a pipe was asked for"));
        let stderr = Captured::follow(child.stderr.take().expect("a pipe was asked for"));
        Self { child, stdout, stderr }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input.
    ///
    /// # Panics
    /// When its standard input was closed.
    pub fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_bytes()).expect("it reads its standard input");
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// `kill -9`, of this process alone.
    pub fn kill_nine(&self) {
        self.signal(Signal::KILL);
    }

    /// What Ctrl-C sends, to this process alone.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Sends a signal to this process alone; one that has ended does not mind.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.as_pid() {
            // It may have ended by itself: then there is nobody to tell.
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// Never: it is our child.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// Waits for its end. Closes its standard input, so that it does not wait for us.
    ///
    /// # Panics
    /// When that takes longer than [`PATIENCE`](crate::PATIENCE).
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        self.close_stdin();
        let status = eventually("the end of the process", || self.child.try_wait().expect("it is our child"));
        self.ended(status)
    }

    /// What it said until now, once it has ended; does not wait for children of its own that keep the pipes open.
    fn ended(&self, status: ExitStatus) -> Ended {
        let drained = || (self.stdout.has_ended() && self.stderr.has_ended()).then_some(());
        let _ = within(LAST_WORDS_MAX, drained);
        Ended { status, stdout: self.stdout.text(), stderr: self.stderr.text() }
    }

    fn as_pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = self.as_pid() {
            // The group may be gone already, which is what is wanted.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        // Without this the process would stay as a zombie until the test ends.
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The exit code, as a shell would see it: 128 and the signal's number when a signal ended it.
    ///
    /// # Panics
    /// Never: it has ended.
    pub fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|signal| 128 + signal)).expect("it ended somehow")
    }

    /// Itself, when it ended with `code`.
    ///
    /// # Panics
    /// When it ended otherwise; shows all it wrote.
    #[track_caller]
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "the check alone is of use")]
    pub fn expect_code(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code(), code, "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }
}
