//! What the system tells a daemon.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// What the system tells a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// `SIGTERM` or `SIGINT`: end.
    End,
    /// `SIGHUP`: the terminal is gone, which is no reason to end anything, or somebody wants the configuration read
    /// and the log rolled.
    HangUp,
}

/// Hears every signal that would end this process; from then on none does by itself.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one. Cancellation-safe.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }

    /// The next one that says to end.
    pub(crate) async fn end(&mut self) {
        while self.next().await != Signal::End {}
    }
}
