//! What an action returns, and how to wait until it is on disk.

use std::sync::Arc;

use switchboard_domain::{Revision, SessionId};
use thiserror::Error;
use tokio::sync::watch;

/// Refusals kept for receipts that still wait; a receipt older than all of them has been answered long ago.
const REFUSALS_KEPT: usize = 64;

/// How far the disk is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Every fact up to here is on disk, or was set aside.
    pub(crate) facts: Revision,
    /// Everything up to here, unfinished text included.
    pub(crate) all: Revision,
    /// What was set aside.
    refusals: Arc<Vec<Refusal>>,
    /// Whether there will be no more.
    pub(crate) closed: bool,
}

#[derive(Clone, Debug)]
struct Refusal {
    after: Revision,
    through: Revision,
    session: Option<SessionId>,
    reason: String,
}

impl Progress {
    /// Remembers that rows of `session` in the batch `(facts, through]` were set aside.
    pub(crate) fn refuse(&mut self, through: Revision, session: Option<SessionId>, reason: String) {
        let refusals = Arc::make_mut(&mut self.refusals);
        if refusals.len() == REFUSALS_KEPT {
            refusals.remove(0);
        }
        refusals.push(Refusal { after: self.facts, through, session, reason });
    }

    fn refusal(&self, revision: Revision, session: Option<SessionId>) -> Option<&Refusal> {
        let covers = |it: &&Refusal| it.after < revision && revision <= it.through && it.session == session;
        self.refusals.iter().find(covers)
    }
}

/// Why a change did not get to disk.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotSaved {
    /// The database can never take it; it was set aside in the dead-letter file.
    #[error("the database refused the change, it was set aside: {reason}")]
    SetAside {
        /// What the database says.
        reason: String,
    },
    /// The store was closed first.
    #[error("the store was closed before the change was saved")]
    Closed,
}

/// The outcome of an action: done in memory, and a way to wait until it is on disk.
#[derive(Clone, Debug)]
#[must_use = "the action is done in memory only; wait for `durable` where that matters"]
pub struct Receipt<T> {
    value: T,
    revision: Revision,
    session: Option<SessionId>,
    progress: watch::Receiver<Progress>,
}

impl<T> Receipt<T> {
    pub(crate) fn new(
        value: T,
        revision: Revision,
        session: Option<SessionId>,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        Self { value, revision, session, progress }
    }

    /// What the action made.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What the action made, if nobody needs to wait for the disk.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The revision of the action's last change.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Waits until the action is on disk: whatever happens then, power cut included, it stays.
    ///
    /// Waits as long as the disk is in trouble; put a time limit around it where a person waits.
    /// Cancellation-safe.
    ///
    /// # Errors
    /// When it will never be on disk, see [`NotSaved`].
    pub async fn durable(mut self) -> Result<T, NotSaved> {
        let (revision, session) = (self.revision, self.session);
        let reached = self.progress.wait_for(|progress| progress.closed || progress.facts >= revision).await;
        let progress = reached.map_err(|_| NotSaved::Closed)?;
        if let Some(refusal) = progress.refusal(revision, session) {
            return Err(NotSaved::SetAside { reason: refusal.reason.clone() });
        }
        if progress.facts < revision {
            return Err(NotSaved::Closed);
        }
        drop(progress);
        Ok(self.value)
    }
}
