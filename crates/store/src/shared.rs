//! What every handle of one store shares, and the one lock in it.
//!
//! Under the lock a change is applied, given its revision, published and noted for the writer, so all
//! three see the same order. Nothing in here waits, and the lock is never held across an await.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use switchboard_domain::{Change, Orphan, Revision, Session, SessionChange, SessionId, Timestamp};
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::backlog::{Backlog, Segment};
use crate::config::StoreConfig;
use crate::outbox::{Batch, Outbox};
use crate::port::Persistence;
use crate::receipt::Progress;
use crate::state::State;

pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) config: StoreConfig,
    pub(crate) persistence: Arc<dyn Persistence>,
    /// The newest revision, for subscribers that wait.
    pub(crate) published: watch::Sender<Revision>,
    /// How far the disk is.
    pub(crate) progress: watch::Sender<Progress>,
    /// Whether agents may go on producing.
    pub(crate) gate: watch::Sender<Gate>,
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

/// What the lock protects.
pub(crate) struct Core {
    state: Arc<State>,
    backlog: Backlog,
    pub(crate) outbox: Outbox,
    /// Bytes and changes on their way to the disk right now.
    in_flight: (usize, u64),
    /// Sessions on their way to the disk that are applied once they are there.
    creations: Vec<Creation>,
    pub(crate) flush_asked: bool,
    pub(crate) closing: bool,
    /// Whether the writer knows that unfinished text waits, and comes by itself.
    pub(crate) checkpoint_armed: bool,
}

struct Creation {
    session_id: SessionId,
    done: oneshot::Sender<Result<(), String>>,
}

impl Shared {
    pub(crate) fn new(persistence: Arc<dyn Persistence>, config: StoreConfig) -> Self {
        let core = Core {
            state: Arc::default(),
            backlog: Backlog::new(config.backlog_bytes_max),
            outbox: Outbox::default(),
            in_flight: (0, 0),
            creations: Vec::new(),
            flush_asked: false,
            closing: false,
            checkpoint_armed: false,
        };
        Self {
            core: Mutex::new(core),
            config,
            persistence,
            published: watch::Sender::new(Revision::ZERO),
            progress: watch::Sender::default(),
            gate: watch::Sender::new(Gate::Open),
            work: Notify::new(),
            abandon: CancellationToken::new(),
        }
    }

    /// Runs `action` under the lock, then tells subscribers and the writer.
    pub(crate) fn with_core<T>(&self, action: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core.lock();
        let value = action(&mut core);
        let (newest, needs_writer) = (core.newest(), core.needs_writer());
        // Under the lock, or an older verdict could overtake a newer one.
        let gate = core.gate(self.config.unsaved_bytes_max);
        self.gate.send_if_modified(|now| std::mem::replace(now, gate) != gate);
        drop(core);

        self.published.send_if_modified(|seen| {
            let is_newer = newest > *seen;
            *seen = newest.max(*seen);
            is_newer
        });
        if needs_writer {
            self.work.notify_one();
        }
        value
    }

    /// Reads the state under the lock; keep it short.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.core.lock().state)
    }

    /// The state, with the place where the changes after it will be.
    pub(crate) fn snapshot(&self) -> (Arc<State>, Arc<Segment>, Revision) {
        let core = self.core.lock();
        let next = core.backlog.newest().next();
        (Arc::clone(&core.state), core.backlog.newest_segment(), next)
    }

    pub(crate) fn segment_of(&self, revision: Revision) -> Option<Arc<Segment>> {
        self.core.lock().backlog.segment_of(revision).cloned()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }
}

impl Core {
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn newest(&self) -> Revision {
        self.backlog.newest()
    }

    /// Applies, publishes and notes one change.
    pub(crate) fn push(&mut self, change: Change) {
        Arc::make_mut(&mut self.state).apply(&change);
        self.outbox.note(&change, &self.state);
        self.backlog.push(change);
    }

    /// [`Self::push`] for a change of one session.
    pub(crate) fn push_session(&mut self, session_id: SessionId, change: SessionChange) {
        self.push(Change::Session { session_id, change });
    }

    /// An event came for a session that is not there.
    pub(crate) fn push_orphan(&mut self, session_id: SessionId, kind: &'static str, at: Timestamp) {
        self.push(Change::OrphanReceived(Orphan { session_id, kind: kind.to_owned(), at }));
    }

    /// Takes what is dirty for the disk, with the revision it brings the disk to.
    pub(crate) fn take_batch(&mut self, with_drafts: bool) -> (Batch, Revision) {
        let batch = self.outbox.take(&self.state, with_drafts);
        self.in_flight = (batch.bytes, batch.changes);
        (batch, self.newest())
    }

    /// The batch is settled.
    pub(crate) fn landed(&mut self) {
        self.in_flight = (0, 0);
    }

    /// Changes that are not on disk.
    pub(crate) fn unsaved(&self) -> u64 {
        self.in_flight.1 + self.outbox.changes()
    }

    fn needs_writer(&self) -> bool {
        let draft = self.outbox.drafts_wait() && !self.checkpoint_armed;
        self.outbox.has_facts() || draft || self.flush_asked || self.closing
    }

    fn gate(&self, bytes_max: usize) -> Gate {
        if self.in_flight.0 + self.outbox.bytes() > bytes_max { Gate::Shut } else { Gate::Open }
    }

    /// Queues a session to be written and then applied; the receiver learns what came of it.
    pub(crate) fn create(&mut self, session: Session) -> oneshot::Receiver<Result<(), String>> {
        let (done, outcome) = oneshot::channel();
        self.creations.push(Creation { session_id: session.id, done });
        self.outbox.create(session);
        outcome
    }

    /// Whether a session of this id is on its way.
    pub(crate) fn is_creating(&self, id: SessionId) -> bool {
        self.creations.iter().any(|creation| creation.session_id == id)
    }

    /// Takes a creation back, unless it has happened already.
    pub(crate) fn withdraw(&mut self, id: SessionId) {
        let before = self.creations.len();
        self.creations.retain(|creation| creation.session_id != id);
        if self.creations.len() < before {
            self.outbox.withdraw(id);
        }
    }

    /// A session's row is on disk: now it exists, unless it was taken back in the meantime.
    pub(crate) fn created(&mut self, session: &Session) {
        if let Some(creation) = self.take_creation(session.id) {
            self.push(Change::SessionCreated(Box::new(session.clone())));
            // The caller may be gone; then the session exists all the same.
            let _ = creation.done.send(Ok(()));
        }
    }

    /// The database refused a session's row.
    pub(crate) fn creation_refused(&mut self, id: SessionId, reason: &str) {
        if let Some(creation) = self.take_creation(id) {
            let _ = creation.done.send(Err(reason.to_owned()));
        }
    }

    fn take_creation(&mut self, id: SessionId) -> Option<Creation> {
        let index = self.creations.iter().position(|creation| creation.session_id == id)?;
        Some(self.creations.swap_remove(index))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("config", &self.config).finish_non_exhaustive()
    }
}
