//! What an action returns, and how to wait until it is on disk.

use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_domain::{Revision, SessionId};
use thiserror::Error;

use crate::watched::Watched;

/// Refusals kept for receipts that were not looked at yet, one for each session and batch. A database
/// that refuses this much is broken, and older receipts are answered with doubt.
const REFUSALS_KEPT: usize = 1_024;

/// How far the disk is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Every fact up to here is on disk, or was set aside.
    pub(crate) facts: Revision,
    /// Every flush up to this one is done.
    pub(crate) flushed: u64,
    /// What was set aside.
    refusals: Arc<VecDeque<Refusal>>,
    /// Refusals up to here may have been forgotten.
    forgotten: Option<Revision>,
    /// Whether there will be no more.
    pub(crate) closed: bool,
}

/// What a receipt says that is looked at after its refusal may have been forgotten.
const DOUBT: &str = "the database refused so many changes that this one may have been among them";

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
        if self.refusals.iter().rev().any(|it| it.through == through && it.session == session) {
            return;
        }
        let refusals = Arc::make_mut(&mut self.refusals);
        if refusals.len() == REFUSALS_KEPT
            && let Some(oldest) = refusals.pop_front()
        {
            self.forgotten = Some(oldest.through);
        }
        refusals.push_back(Refusal { after: self.facts, through, session, reason });
    }

    /// What became of the change of `session` at `fact`; `None` while that is open.
    fn outcome(&self, fact: Revision, session: Option<SessionId>) -> Option<Result<(), NotSaved>> {
        if self.facts < fact {
            return self.closed.then_some(Err(NotSaved::Closed));
        }
        Some(match self.refusal(fact, session) {
            Some(reason) => Err(NotSaved::SetAside { reason }),
            None => Ok(()),
        })
    }

    /// Why the change of `session` at `revision` is not on disk, if it was set aside or may have been.
    fn refusal(&self, revision: Revision, session: Option<SessionId>) -> Option<String> {
        let covers = |it: &&Refusal| it.after < revision && revision <= it.through && it.session == session;
        let known = self.refusals.iter().find(covers).map(|it| it.reason.clone());
        known.or_else(|| self.forgotten.filter(|it| revision <= *it).map(|_| DOUBT.to_owned()))
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
    /// The disk must have come to here. Less than `revision` where later changes are never saved.
    fact: Revision,
    session: Option<SessionId>,
    progress: Watched<Progress>,
}

impl<T> Receipt<T> {
    pub(crate) const fn new(
        value: T,
        (revision, fact): (Revision, Revision),
        session: Option<SessionId>,
        progress: Watched<Progress>,
    ) -> Self {
        Self { value, revision, fact, session, progress }
    }

    /// What the action made.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What the action made, if nobody needs to wait for the disk.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The revision of the action's last change; of the newest change there was, if it made none.
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
    pub async fn durable(self) -> Result<T, NotSaved> {
        let Self { value, fact, session, progress, .. } = self;
        progress.wait_for(|progress| progress.outcome(fact, session)).await?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u128) -> SessionId {
        SessionId::new(uuid::Uuid::from_u128(number))
    }

    fn refused(batches: u64) -> Progress {
        let mut progress = Progress::default();
        for batch in 1..=batches {
            progress.refuse(Revision::new(batch), Some(session(1)), "why".into());
            progress.facts = Revision::new(batch);
        }
        progress
    }

    #[test]
    fn a_refusal_is_for_its_session_and_its_batch() {
        let progress = refused(2);
        assert_eq!(progress.refusal(Revision::new(2), Some(session(1))), Some("why".into()));
        assert_eq!(progress.refusal(Revision::new(2), Some(session(2))), None);
        assert_eq!(progress.refusal(Revision::new(3), Some(session(1))), None);
        assert_eq!(Progress::default().refusal(Revision::ZERO, Some(session(1))), None);
    }

    #[test]
    fn what_may_have_been_refused_and_forgotten_is_never_called_saved() {
        let batches = u64::try_from(REFUSALS_KEPT).expect("small") + 10;
        let progress = refused(batches);
        assert_eq!(progress.refusals.len(), REFUSALS_KEPT);
        assert_eq!(progress.refusal(Revision::new(5), Some(session(2))), Some(DOUBT.into()));
        assert_eq!(progress.refusal(Revision::new(batches), Some(session(2))), None);
    }
}
