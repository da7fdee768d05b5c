//! What the store's lock protects: the state, what was published of it, and what is not on disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use switchboard_domain::{Change, Orphan, Revision, Session, SessionChange, SessionId, Timestamp};
use tokio::sync::oneshot;

use crate::backlog::{Backlog, Segment};
use crate::outbox::{Batch, Load, Outbox, Urgency};
use crate::shared::Gate;
use crate::state::State;

pub(crate) struct Core {
    state: Arc<State>,
    backlog: Backlog,
    pub(crate) outbox: Outbox,
    /// On its way to the disk right now.
    in_flight: Load,
    /// The newest change that is to be saved, unfinished text aside.
    last_fact: Revision,
    /// Sessions on their way to the disk that are applied once they are there.
    creations: Vec<Creation>,
    flushes: Flushes,
    gate: Gate,
    pub(crate) loading: Loading,
    pub(crate) closing: bool,
    /// Whether there is no writer any more.
    pub(crate) ended: bool,
    /// Whether the writer knows that unfinished text waits, and comes by itself.
    pub(crate) checkpoint_armed: bool,
}

struct Creation {
    session: Session,
    done: oneshot::Sender<Result<(), String>>,
}

/// Flushes by number: how many were asked for, and how many of them a batch was taken for.
#[derive(Default)]
struct Flushes {
    asked: u64,
    taken: u64,
}

/// Hydrations under way, and what was deleted since: what they read before may still have it.
#[derive(Default)]
pub(crate) struct Loading {
    under_way: u32,
    deleted: BTreeSet<SessionId>,
}

/// A batch, and what is true once it is on disk.
pub(crate) struct Departure {
    pub(crate) batch: Batch,
    /// Every fact up to here is saved.
    pub(crate) revision: Revision,
    /// Every flush up to this one is done.
    pub(crate) flush: u64,
}

impl Core {
    pub(crate) fn new(backlog_bytes_max: usize) -> Self {
        Self {
            state: Arc::default(),
            backlog: Backlog::new(backlog_bytes_max),
            outbox: Outbox::default(),
            in_flight: Load::default(),
            last_fact: Revision::ZERO,
            creations: Vec::new(),
            flushes: Flushes::default(),
            gate: Gate::Open,
            loading: Loading::default(),
            closing: false,
            ended: false,
            checkpoint_armed: false,
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn newest(&self) -> Revision {
        self.backlog.newest()
    }

    /// The newest change that is to be saved, unfinished text aside.
    pub(crate) const fn last_fact(&self) -> Revision {
        self.last_fact
    }

    pub(crate) fn snapshot(&self) -> (Arc<State>, Arc<Segment>, Revision) {
        (Arc::clone(&self.state), self.backlog.newest_segment(), self.newest().next())
    }

    pub(crate) fn segment_of(&self, revision: Revision) -> Option<Arc<Segment>> {
        self.backlog.segment_of(revision).cloned()
    }

    /// Applies, publishes and notes one change.
    pub(crate) fn push(&mut self, change: Change) {
        Arc::make_mut(&mut self.state).apply(&change);
        let urgency = self.outbox.note(&change, &self.state);
        if let Change::SessionDeleted { session_id } = change {
            self.loading.note_deleted(session_id);
        }
        self.backlog.push(change);
        if urgency == Urgency::Fact {
            self.last_fact = self.newest();
        }
    }

    /// [`Self::push`] for a change of one session.
    pub(crate) fn push_session(&mut self, session_id: SessionId, change: SessionChange) {
        self.push(Change::Session { session_id, change });
    }

    /// An event came for a session that is not there.
    pub(crate) fn push_orphan(&mut self, session_id: SessionId, kind: &'static str, at: Timestamp) {
        self.push(Change::OrphanReceived(Orphan { session_id, kind: kind.to_owned(), at }));
    }
}

/// Saving.
impl Core {
    /// Asks for everything to be saved, unfinished text included; gives the number to wait for.
    pub(crate) fn ask_flush(&mut self) -> u64 {
        self.flushes.asked += 1;
        self.flushes.asked
    }

    pub(crate) const fn flush_is_asked(&self) -> bool {
        self.flushes.asked > self.flushes.taken
    }

    /// Takes what is dirty for the disk; unfinished text only if `with_drafts`.
    pub(crate) fn take_batch(&mut self, with_drafts: bool) -> Departure {
        let batch = self.outbox.take(&self.state, with_drafts);
        self.in_flight = batch.load;
        if !self.outbox.drafts_wait() {
            self.flushes.taken = self.flushes.asked;
        }
        Departure { batch, revision: self.newest(), flush: self.flushes.taken }
    }

    /// The batch is settled.
    pub(crate) fn landed(&mut self) {
        self.in_flight = Load::default();
    }

    /// Changes that are not on disk.
    pub(crate) fn unsaved(&self) -> u64 {
        (self.in_flight + self.outbox.load()).changes
    }

    pub(crate) fn needs_writer(&self) -> bool {
        let draft = self.outbox.drafts_wait() && !self.checkpoint_armed;
        self.outbox.has_facts() || draft || self.flush_is_asked() || self.closing
    }

    /// Where the gate must go, if not where it is. An ended store holds nobody back: nothing will
    /// ever be saved again.
    pub(crate) fn turn_gate(&mut self, bytes_max: usize) -> Option<Gate> {
        let full = (self.in_flight + self.outbox.load()).bytes > bytes_max;
        let gate = if full && !self.ended { Gate::Shut } else { Gate::Open };
        (std::mem::replace(&mut self.gate, gate) != gate).then_some(gate)
    }
}

/// Sessions on their way into being.
impl Core {
    /// Queues a session to be written and then applied; the receiver learns what came of it.
    pub(crate) fn create(&mut self, session: Session) -> oneshot::Receiver<Result<(), String>> {
        let (done, outcome) = oneshot::channel();
        self.creations.push(Creation { session: session.clone(), done });
        self.outbox.create(session);
        outcome
    }

    /// Whether a session of this id is on its way.
    pub(crate) fn is_creating(&self, id: SessionId) -> bool {
        self.creations.iter().any(|creation| creation.session.id == id)
    }

    /// Whether this very session is on its way: one that was taken back and asked for again under
    /// the same id is another.
    pub(crate) fn is_creating_exactly(&self, session: &Session) -> bool {
        self.creations.iter().any(|creation| creation.session == *session)
    }

    /// Takes a creation back, unless it has happened already.
    pub(crate) fn withdraw(&mut self, id: SessionId) {
        let before = self.creations.len();
        self.creations.retain(|creation| creation.session.id != id);
        if self.creations.len() < before {
            self.outbox.withdraw(id);
        }
    }

    /// A session's row is on disk: now it exists, unless it was taken back in the meantime.
    pub(crate) fn created(&mut self, session: &Session) {
        if let Some(creation) = self.take_creation(session) {
            self.push(Change::SessionCreated(Box::new(creation.session)));
            // The caller may be gone; then the session exists all the same.
            let _ = creation.done.send(Ok(()));
        }
    }

    /// The database refused a session's row.
    pub(crate) fn creation_refused(&mut self, session: &Session, reason: &str) {
        if let Some(creation) = self.take_creation(session) {
            let _ = creation.done.send(Err(reason.to_owned()));
        }
    }

    fn take_creation(&mut self, session: &Session) -> Option<Creation> {
        let index = self.creations.iter().position(|creation| creation.session == *session)?;
        Some(self.creations.swap_remove(index))
    }
}

impl Loading {
    /// Another hydration begins.
    pub(crate) fn begin(&mut self) {
        self.under_way += 1;
    }

    /// One ended; whether it was the last.
    pub(crate) fn end(&mut self) -> bool {
        self.under_way -= 1;
        let last = self.under_way == 0;
        if last {
            self.deleted.clear();
        }
        last
    }

    /// Whether the session was deleted since the first of them began.
    pub(crate) fn has_seen_deleted(&self, id: SessionId) -> bool {
        self.deleted.contains(&id)
    }

    fn note_deleted(&mut self, id: SessionId) {
        if self.under_way > 0 {
            self.deleted.insert(id);
        }
    }
}
