//! Commands that an agent runs on our side of the line.
//!
//! The protocol calls them terminals; they have pipes all the same, and no input. Each is in a process group of its own,
//! which is killed when the terminal is released or its agent is gone.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::ExitStatus;
use crate::protocol::{Done, Undone};

/// Commands that one agent may have at once, ended ones that it has not released included.
const TERMINALS_MAX: usize = 64;

/// How long a command has to end after `SIGTERM`.
const TERMINATE_PATIENCE: Duration = Duration::from_secs(2);

/// How long what a command has left behind may go on writing after its end.
const LINGER: Duration = Duration::from_secs(1);

/// One read of what a command writes.
const READ_BYTES: usize = 16 << 10;

/// The commands of one agent.
#[derive(Debug, Default)]
pub(super) struct Terminals {
    open: HashMap<String, Terminal>,
    started: u64,
}

/// A command that was started.
#[derive(Debug)]
pub(super) struct Terminal {
    group: Option<Pid>,
    output: Arc<Mutex<Output>>,
    end: watch::Receiver<Option<ExitStatus>>,
    watcher: AbortHandle,
}

/// The end of what a command wrote.
#[derive(Debug)]
struct Output {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_cut: bool,
}

impl Terminals {
    /// Starts `command`, of whose output the last `output_bytes_max` are kept; says its name.
    pub(super) fn start(&mut self, mut command: Command, output_bytes_max: usize) -> Result<String, Undone> {
        if self.open.len() >= TERMINALS_MAX {
            return Err(Undone::Failed(format!("{TERMINALS_MAX} terminals are open; release some first")));
        }
        let child = command.spawn().map_err(|error| cannot_start(&error))?;
        self.started += 1;
        let name = format!("terminal-{}", self.started);
        self.open.insert(name.clone(), Terminal::watch(child, output_bytes_max));
        Ok(name)
    }

    /// The command called `name`.
    pub(super) fn find(&self, name: &str) -> Result<&Terminal, Undone> {
        self.open.get(name).ok_or_else(|| unknown(name))
    }

    /// Takes the command called `name` out.
    pub(super) fn remove(&mut self, name: &str) -> Result<Terminal, Undone> {
        self.open.remove(name).ok_or_else(|| unknown(name))
    }
}

impl Terminal {
    fn watch(child: Child, output_bytes_max: usize) -> Self {
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let output = Arc::new(Mutex::new(Output { bytes: Vec::new(), bytes_max: output_bytes_max, is_cut: false }));
        let (ended, end) = watch::channel(None);
        let watcher = tokio::spawn(attend(child, Arc::clone(&output), ended)).abort_handle();
        Self { group, output, end, watcher }
    }

    /// What it has written so far, and how it ended if it has.
    pub(super) fn output(&self) -> Done {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let exit = *self.end.borrow();
        Done::Output { text: output.text(), is_cut: output.is_cut, exit }
    }

    /// Waits for its end.
    pub(super) fn end(&self) -> impl Future<Output = ExitStatus> + Send + use<> {
        let mut end = self.end.clone();
        async move {
            // Released meanwhile: nobody knows how it ended, but it has.
            end.wait_for(Option::is_some).await.ok().and_then(|end| *end).unwrap_or(ExitStatus::Unknown)
        }
    }

    /// Ends it: politely, then not.
    pub(super) fn kill(&self) -> impl Future<Output = Done> + Send + use<> {
        let (group, is_over, end) = (self.group, self.is_over(), self.end());
        async move {
            if !is_over && let Some(group) = group {
                signal(group, Signal::TERM);
                let mut end = Box::pin(end);
                if timeout(TERMINATE_PATIENCE, &mut end).await.is_err() {
                    signal(group, Signal::KILL);
                    end.await;
                }
            }
            Done::Plainly
        }
    }

    fn is_over(&self) -> bool {
        self.end.borrow().is_some()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(group) = self.group
            && !self.is_over()
        {
            signal(group, Signal::KILL);
        }
        self.watcher.abort();
    }
}

impl Output {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let surplus = self.bytes.len().saturating_sub(self.bytes_max);
        self.is_cut |= surplus > 0;
        self.bytes.drain(..surplus);
    }

    /// Whole characters; what is not UTF-8 is replaced.
    fn text(&self) -> String {
        let is_inside = |byte: &&u8| self.is_cut && **byte & 0b1100_0000 == 0b1000_0000;
        let broken = self.bytes.iter().take_while(is_inside).count();
        String::from_utf8_lossy(&self.bytes[broken..]).into_owned()
    }
}

/// Reads what `child` writes until it has ended, then what is left of that.
async fn attend(mut child: Child, output: Arc<Mutex<Output>>, ended: watch::Sender<Option<ExitStatus>>) {
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut reading = pin!(async { tokio::join!(keep(out, &output), keep(err, &output)) });
    let mut has_read = false;
    let status = tokio::select! {
        status = child.wait() => status,
        _both = &mut reading => {
            has_read = true;
            child.wait().await
        }
    };
    if !has_read
        && timeout(LINGER, reading).await.is_err()
        && let Some(group) = group
    {
        // Somebody it has started still holds its output; the group is there as long as they are.
        signal(group, Signal::KILL);
    }
    ended.send_replace(Some(status.map_or(ExitStatus::Unknown, ExitStatus::from)));
}

/// Reads `pipe` to its end. One that cannot be read has ended, whatever the reason.
async fn keep(pipe: Option<impl AsyncRead + Unpin>, output: &Mutex<Output>) {
    let Some(mut pipe) = pipe else { return };
    let mut bytes = Vec::with_capacity(READ_BYTES);
    while matches!(pipe.read_buf(&mut bytes).await, Ok(count) if count > 0) {
        output.lock().unwrap_or_else(PoisonError::into_inner).push(&bytes);
        bytes.clear();
    }
}

fn signal(group: Pid, signal: Signal) {
    // It may be gone already, which is what is wanted.
    let _gone = kill_process_group(group, signal);
}

fn cannot_start(error: &io::Error) -> Undone {
    let why = format!("cannot start the command: {error}");
    if error.kind() == io::ErrorKind::NotFound { Undone::Missing(why) } else { Undone::Failed(why) }
}

fn unknown(name: &str) -> Undone {
    Undone::Missing(format!("there is no terminal {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_output_is_kept_in_whole_characters() {
        let mut output = Output { bytes: Vec::new(), bytes_max: 4, is_cut: false };
        output.push("abc".as_bytes());
        assert_eq!((output.text().as_str(), output.is_cut), ("abc", false));
        output.push("€x".as_bytes());
        assert_eq!((output.text().as_str(), output.is_cut), ("€x", true));
        output.push("yz".as_bytes());
        assert_eq!(output.text(), "xyz", "what is left of a character is no character");
    }
}
