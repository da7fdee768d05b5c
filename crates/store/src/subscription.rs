//! Watching the store: a snapshot, then every later change.

use std::sync::Arc;

use switchboard_domain::Revision;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::coop::consume_budget;

use crate::backlog::{Published, Segment};
use crate::shared::Shared;
use crate::state::State;

/// A reader in a flood lets others run after about a hundred times this many changes, which is tokio's budget.
/// Few enough that nobody notices, enough that counting costs nothing.
const CHANGES_PER_TURN: u64 = 16;

/// Why a subscription has no next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SubscriptionError {
    /// The subscriber fell too far behind. [`Subscription::resync`] takes a new snapshot and goes on from there.
    #[error("the subscriber fell too far behind the store; take a new snapshot")]
    Lagged,
    /// The store is closed and every change was seen.
    #[error("the store is closed")]
    Closed,
}

/// Every change since a snapshot, in order, without gaps.
///
/// Reading takes no lock and copies nothing. A subscriber that stands still costs the store nothing
/// and is told that it [lagged](SubscriptionError::Lagged) when it comes back too late.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
    segment: Arc<Segment>,
    next: Revision,
    /// What is before this is in the segment. Looking is not free: it is what the store writes all the time.
    ready_to: Revision,
}

impl Subscription {
    pub(crate) fn new(
        shared: Arc<Shared>,
        ended: watch::Receiver<bool>,
        segment: Arc<Segment>,
        next: Revision,
    ) -> Self {
        Self { shared, ended, segment, next, ready_to: next }
    }

    /// The revision of the last change seen, or of the snapshot.
    pub fn seen(&self) -> Revision {
        Revision::new(self.next.get() - 1)
    }

    /// The next change, as soon as there is one. Cancellation-safe: a dropped call loses nothing.
    ///
    /// # Errors
    /// See [`SubscriptionError`].
    pub async fn next(&mut self) -> Result<&Published, SubscriptionError> {
        // In a flood there is always another change, and others want to run too.
        if self.next.get().is_multiple_of(CHANGES_PER_TURN) {
            consume_budget().await;
        }
        self.ready().await?;
        self.take_one().ok_or(SubscriptionError::Closed)
    }

    /// The changes that are there, at least one and at most a few hundred, for whoever passes them on
    /// together. All of them count as seen. Cancellation-safe: a dropped call loses nothing.
    ///
    /// # Errors
    /// See [`SubscriptionError`].
    pub async fn next_run(&mut self) -> Result<impl Iterator<Item = &Published>, SubscriptionError> {
        consume_budget().await;
        self.ready().await?;
        let start = std::mem::replace(&mut self.next, self.ready_to);
        Ok(self.segment.run(start, self.ready_to))
    }

    /// The next change if there is one already.
    ///
    /// # Errors
    /// [`SubscriptionError::Lagged`].
    pub fn try_next(&mut self) -> Result<Option<&Published>, SubscriptionError> {
        Ok(if self.look()? { self.take_one() } else { None })
    }

    /// A new snapshot, with the subscription going on right after it.
    pub fn resync(&mut self) -> Arc<State> {
        let (state, segment, next) = self.shared.snapshot();
        (self.segment, self.next, self.ready_to) = (segment, next, next);
        state
    }

    /// Waits until there is a next change.
    async fn ready(&mut self) -> Result<(), SubscriptionError> {
        while !self.look()? {
            // Before another look, or a change in between would be slept through.
            let ended = *self.ended.borrow_and_update();
            if self.look()? {
                break;
            }
            if ended {
                return Err(SubscriptionError::Closed);
            }
            // The sender lives in `self.shared`, so this cannot fail.
            self.ended.changed().await.map_err(|_| SubscriptionError::Closed)?;
        }
        Ok(())
    }

    /// Whether there is a next change, going on to the segment that has it.
    fn look(&mut self) -> Result<bool, SubscriptionError> {
        if self.next < self.ready_to {
            return Ok(true);
        }
        let newest = self.shared.newest();
        if newest < self.next {
            return Ok(false);
        }
        if self.segment.end(newest) <= self.next {
            self.segment = self.shared.segment_of(self.next).ok_or(SubscriptionError::Lagged)?;
        }
        self.ready_to = self.segment.end(newest);
        Ok(true)
    }

    fn take_one(&mut self) -> Option<&Published> {
        let next = self.next;
        self.next = next.next();
        self.segment.get(next)
    }
}
