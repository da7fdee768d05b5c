//! What every handle of one store shares, and the one lock in it.
//!
//! Under the lock a change is applied, given its revision, published and noted for the writer, so all
//! three see the same order. Nothing in here waits, and the lock is never held across an await.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use switchboard_domain::{Health, Revision, Timestamp};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::backlog::Segment;
use crate::config::StoreConfig;
use crate::locked::Core;
use crate::port::Persistence;
use crate::receipt::Progress;
use crate::state::State;
use crate::watched::Watched;

pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) config: StoreConfig,
    pub(crate) persistence: Arc<dyn Persistence>,
    /// The newest revision, written under the lock.
    newest: AtomicU64,
    /// Nudges the task that wakes subscribers.
    pub(crate) published: Notify,
    /// Whether the writer has ended, and with it the store; subscribers wait on it.
    pub(crate) ended: watch::Sender<bool>,
    /// How far the disk is.
    pub(crate) progress: Watched<Progress>,
    /// Whether agents may go on producing.
    pub(crate) gate: Watched<Gate>,
    /// Wakes the writer.
    pub(crate) work: Notify,
    /// Tells a writer that waits for a broken disk to give up.
    pub(crate) abandon: CancellationToken,
}

/// Whether agents may go on producing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Too much is unsaved.
    Shut,
}

impl Shared {
    pub(crate) fn new(persistence: Arc<dyn Persistence>, config: StoreConfig) -> Self {
        Self {
            core: Mutex::new(Core::new(config.backlog_bytes_max)),
            config,
            persistence,
            newest: AtomicU64::new(Revision::ZERO.get()),
            published: Notify::new(),
            ended: watch::Sender::new(false),
            progress: Watched::default(),
            gate: Watched::new(Gate::Open),
            work: Notify::new(),
            abandon: CancellationToken::new(),
        }
    }

    /// Runs `action` under the lock, then tells subscribers and the writer.
    pub(crate) fn with_core<T>(&self, action: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core.lock();
        let value = action(&mut core);
        let newest = core.newest().get();
        let has_news = self.newest.swap(newest, Ordering::AcqRel) != newest;
        let needs_writer = core.needs_writer();
        if let Some(gate) = core.turn_gate(self.config.unsaved_bytes_max) {
            // Under the lock, or an older verdict could overtake a newer one.
            self.gate.modify(|shown| *shown = gate);
        }
        drop(core);

        // Whoever subscribes after this look took its snapshot after the change.
        if has_news && self.ended.receiver_count() > 0 {
            self.published.notify_one();
        }
        if needs_writer {
            self.work.notify_one();
        }
        value
    }

    /// Reads the state under the lock; keep it short.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(self.core.lock().state())
    }

    /// The state, with the place where the changes after it will be.
    pub(crate) fn snapshot(&self) -> (Arc<State>, Arc<Segment>, Revision) {
        self.core.lock().snapshot()
    }

    pub(crate) fn segment_of(&self, revision: Revision) -> Option<Arc<Segment>> {
        self.core.lock().segment_of(revision)
    }

    /// The revision of the newest change.
    pub(crate) fn newest(&self) -> Revision {
        Revision::new(self.newest.load(Ordering::Acquire))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// The writer is gone, for whatever reason: nobody may wait for it any more.
    pub(crate) fn end(&self) {
        let now = self.now();
        self.with_core(|core| {
            if !core.closing || core.unsaved() > 0 {
                let reason = "saving has stopped".to_owned();
                let health = Health::Degraded { since: now, reason, unsaved: core.unsaved() };
                core.push(switchboard_domain::Change::HealthChanged { health });
            }
            core.ended = true;
        });
        self.ended.send_replace(true);
        self.published.notify_one();
        self.progress.modify(|progress| progress.closed = true);
    }
}

impl Drop for Shared {
    /// A receipt may outlive the store, and a writer that never ran.
    fn drop(&mut self) {
        self.progress.modify(|progress| progress.closed = true);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("config", &self.config).finish_non_exhaustive()
    }
}
