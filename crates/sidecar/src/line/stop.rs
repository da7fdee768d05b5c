//! How a line is brought to its end, and what it took.

use std::time::Duration;

use tokio::sync::oneshot;

use super::event::{Exit, LineEvent};

/// How patient a stop is. Each step is tried only when the one before did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopPolicy {
    /// How long the agent has after it was asked, in its own protocol, and its input was closed.
    pub asking: Duration,
    /// How long it has after `SIGTERM`. What is left then is killed.
    pub terminating: Duration,
}

impl StopPolicy {
    /// Straight to `SIGKILL`.
    pub const NOW: Self = Self { asking: Duration::ZERO, terminating: Duration::ZERO };
    /// For an agent that shall save what it has: 2 s after asking, 2 s after `SIGTERM`.
    pub const GRACEFUL: Self = Self { asking: Duration::from_secs(2), terminating: Duration::from_secs(2) };
}

impl Default for StopPolicy {
    fn default() -> Self {
        Self::GRACEFUL
    }
}

/// What it took to end an agent and everything it had started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum StoppedBy {
    /// Nothing: it had ended by itself.
    AlreadyOver,
    /// It was asked, and went.
    Asking,
    /// `SIGTERM`.
    Terminating,
    /// `SIGKILL`, to it or to something it had left behind.
    Killing,
}

/// A stopped line.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Stopped {
    /// What it took.
    pub by: StoppedBy,
    /// How the process ended; `None` when the line never had one, or when its end had been delivered before.
    pub exit: Option<Exit>,
    /// What the agent still said and nobody had read, oldest first; the exit is not among it.
    pub last_events: Vec<LineEvent>,
    /// How many more such events there were, past [`LAST_EVENTS_MAX`](super::LAST_EVENTS_MAX).
    pub events_dropped: u64,
    /// Processes that even `SIGKILL` did not end within its bound: stuck in the kernel, or run by another
    /// user. Normally empty.
    pub survivors: Vec<u32>,
}

/// What the end of the process says about the stop.
#[derive(Clone, Debug)]
pub(crate) struct StopReport {
    pub(crate) by: StoppedBy,
    pub(crate) survivors: Vec<u32>,
}

/// A stop, seen from the agent's end.
#[derive(Debug)]
pub(crate) struct StopRequest {
    pub(crate) policy: StopPolicy,
    pub(crate) done: oneshot::Sender<StopReport>,
}
