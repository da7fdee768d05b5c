//! The handle that everybody holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Revision, SessionId, Timestamp};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::config::StoreConfig;
use crate::locked::Core;
use crate::port::Persistence;
use crate::pump;
use crate::receipt::{NotSaved, Receipt};
use crate::shared::{Gate, Shared};
use crate::state::State;
use crate::subscription::Subscription;
use crate::writer::Writer;

/// How long a writer that was told to give up may take to let go of the database before it is stopped
/// wherever it is, and how long that may take.
const ABANDON_GRACE: Duration = Duration::from_secs(1);

/// The single source of truth. Cheap to clone; all clones are the same store.
///
/// Actions are in the modules under `actions`, one per kind of thing: projects, sessions,
/// transcripts, approvals, the queue, settings, and hydration.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    life: Arc<Life>,
}

/// Ends the writer when the last handle is gone, after it has saved everything.
struct Life {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

/// The store was closed while changes were unsaved, because the disk did not take them in time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{unsaved} changes could not be saved before the store was closed")]
pub struct CloseError {
    /// How many changes are lost.
    pub unsaved: u64,
}

/// An action was refused; nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// No session has this id.
    #[error("there is no such session")]
    SessionNotFound,
    /// No project has this id, or it was removed.
    #[error("there is no such project")]
    ProjectNotFound,
    /// A project needs a name with a visible character in it.
    #[error("a name must not be empty")]
    NameEmpty,
    /// A session cannot go from its status to the one asked for.
    #[error("the session cannot change to this status from the one it has")]
    StatusNotAllowed,
    /// The session has no such request.
    #[error("there is no such approval")]
    ApprovalNotFound,
    /// The approval has an answer, or ended without one.
    #[error("the approval has been settled already")]
    AlreadyAnswered,
    /// The same request is pending already.
    #[error("the same approval is pending already")]
    AlreadyPending,
    /// So many approvals of the session wait that the agent must be out of its mind.
    #[error("too many approvals of the session wait for an answer")]
    TooManyApprovals,
    /// The queue of the session is full.
    #[error("the queue of the session is full")]
    QueueFull,
    /// The queue has no such message (any more).
    #[error("there is no such queued message")]
    QueuedMessageNotFound,
    /// The message is on its way to the agent.
    #[error("the queued message is on its way to the agent")]
    QueuedMessageLeaving,
}

impl Store {
    /// Starts a store on a database, with nothing in memory yet; see [`Store::hydrate`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(persistence: impl Persistence, config: StoreConfig) -> Self {
        let shared = Arc::new(Shared::new(Arc::new(persistence), config));
        let writer = tokio::spawn(Writer::new(Arc::clone(&shared)).run());
        // Ends by itself right after the writer, and holds nothing anybody waits for.
        tokio::spawn(pump::run(Arc::clone(&shared)));
        let life = Life { shared: Arc::clone(&shared), writer };
        Self { shared, life: Arc::new(life) }
    }

    /// The state as it is now. Takes no copy; the store copies what changes while it is held.
    pub fn snapshot(&self) -> Arc<State> {
        self.shared.snapshot().0
    }

    /// Looks at the state under the store's lock. Keep it short: every action waits.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.read(look)
    }

    /// The state as it is now, and every change after it.
    pub fn subscribe(&self) -> (Arc<State>, Subscription) {
        let ended = self.shared.ended.subscribe();
        let (state, segment, next) = self.shared.snapshot();
        (state, Subscription::new(Arc::clone(&self.shared), ended, segment, next))
    }

    /// The changes after `seen`, if they are still there; else take a snapshot with [`Store::subscribe`].
    pub fn resume(&self, seen: Revision) -> Option<Subscription> {
        let ended = self.shared.ended.subscribe();
        let segment = (seen <= self.shared.newest()).then(|| self.shared.segment_of(seen.next())).flatten()?;
        Some(Subscription::new(Arc::clone(&self.shared), ended, segment, seen.next()))
    }

    /// The time, by the store's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// The revision of the newest change.
    pub fn revision(&self) -> Revision {
        self.shared.newest()
    }

    /// The revision up to which every fact is on disk.
    pub fn durable_revision(&self) -> Revision {
        self.shared.progress.borrow().facts
    }

    /// Waits until facts after `seen` are on disk, and gives the revision up to which all are; `None`
    /// when the store is closed and the disk will get no further. Cancellation-safe.
    pub async fn durable_past(&self, seen: Revision) -> Option<Revision> {
        let further = self.shared.progress.wait_for(|progress| {
            let further = (progress.facts > seen).then_some(progress.facts);
            (further.is_some() || progress.closed).then_some(further)
        });
        further.await
    }

    /// Waits until there is room for more: while too much is unsaved, whoever feeds the store with
    /// what agents say stops reading from them. Cancellation-safe.
    pub async fn ready(&self) {
        self.shared.gate.wait_for(|gate| (*gate == Gate::Open).then_some(())).await;
    }

    /// Saves everything that is in memory now, unfinished text included. Waits as long as the disk
    /// is in trouble. Cancellation-safe.
    ///
    /// # Errors
    /// [`NotSaved::Closed`] when the store was closed first and something was unsaved.
    pub async fn flush(&self) -> Result<(), NotSaved> {
        let (number, unsaved) = self.shared.with_core(|core| (core.ask_flush(), core.unsaved()));
        let flushed = self.shared.progress.wait_for(|progress| {
            let flushed = progress.flushed >= number;
            (flushed || progress.closed).then_some(flushed)
        });
        if flushed.await || unsaved == 0 { Ok(()) } else { Err(NotSaved::Closed) }
    }

    /// Saves everything, stops the writer and closes the database. Gives up after `patience`, and is
    /// over two seconds later at the latest.
    ///
    /// Actions after it change memory only, and their receipts say so; subscriptions end. Closing
    /// twice, or again after the call was dropped, waits for the same end.
    ///
    /// # Errors
    /// When the disk did not take everything in time.
    pub async fn close(&self, patience: Duration) -> Result<(), CloseError> {
        self.shared.with_core(|core| core.closing = true);
        if !self.ends_within(patience).await {
            self.shared.abandon.cancel();
            if !self.ends_within(ABANDON_GRACE).await {
                self.life.writer.abort();
                self.ends_within(ABANDON_GRACE).await;
            }
        }
        match self.shared.with_core(|core| core.unsaved()) {
            0 => Ok(()),
            unsaved => Err(CloseError { unsaved }),
        }
    }

    async fn ends_within(&self, patience: Duration) -> bool {
        let ended = self.shared.progress.wait_for(|progress| progress.closed.then_some(()));
        tokio::time::timeout(patience, ended).await.is_ok()
    }

    /// Runs an action: checks, then changes, under one lock; the receipt is for its last change.
    pub(crate) fn act<T>(
        &self,
        session: Option<SessionId>,
        action: impl FnOnce(&mut Core) -> Result<T, Refused>,
    ) -> Result<Receipt<T>, Refused> {
        let act = |core: &mut Core| Ok((action(core)?, (core.newest(), core.last_fact())));
        let (value, revisions) = self.shared.with_core(act)?;
        Ok(Receipt::new(value, revisions, session, self.shared.progress.clone()))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.shared.with_core(|core| core.closing = true);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("revision", &self.revision()).finish_non_exhaustive()
    }
}
