//! Watching the store: a snapshot, then every later change.

use std::sync::Arc;

use switchboard_domain::Revision;
use thiserror::Error;
use tokio::sync::watch;

use crate::backlog::{Published, Segment, Slot};
use crate::shared::Shared;
use crate::state::State;

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
}

impl Subscription {
    pub(crate) fn new(
        shared: Arc<Shared>,
        ended: watch::Receiver<bool>,
        segment: Arc<Segment>,
        next: Revision,
    ) -> Self {
        Self { shared, ended, segment, next }
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
        tokio::task::coop::consume_budget().await;
        let index = loop {
            if let Some(index) = self.seek()? {
                break index;
            }
            // Before another look, or a change in between would be slept through.
            let ended = *self.ended.borrow_and_update();
            match self.seek()? {
                Some(index) => break index,
                None if ended => return Err(SubscriptionError::Closed),
                // The sender lives in `self.shared`, so this cannot fail.
                None => self.ended.changed().await.map_err(|_| SubscriptionError::Closed)?,
            }
        };
        self.take(index).ok_or(SubscriptionError::Closed)
    }

    /// The next change if there is one already.
    ///
    /// # Errors
    /// [`SubscriptionError::Lagged`].
    pub fn try_next(&mut self) -> Result<Option<&Published>, SubscriptionError> {
        Ok(match self.seek()? {
            Some(index) => self.take(index),
            None => None,
        })
    }

    /// A new snapshot, with the subscription going on right after it.
    pub fn resync(&mut self) -> Arc<State> {
        let (state, segment, next) = self.shared.snapshot();
        (self.segment, self.next) = (segment, next);
        state
    }

    /// The slot of the next change in the current segment, moving on to later segments as needed.
    fn seek(&mut self) -> Result<Option<usize>, SubscriptionError> {
        loop {
            match self.segment.find(self.next) {
                Slot::Filled(index) => return Ok(Some(index)),
                Slot::Empty => return Ok(None),
                Slot::Beyond if self.shared.newest() < self.next => return Ok(None),
                Slot::Beyond => self.segment = self.shared.segment_of(self.next).ok_or(SubscriptionError::Lagged)?,
            }
        }
    }

    fn take(&mut self, index: usize) -> Option<&Published> {
        self.next = self.next.next();
        self.segment.get(index)
    }
}
