//! The task that wakes subscribers.
//!
//! Waking a hundred tasks costs far more than making a change. So whoever makes one only nudges this
//! task, and by the time it has woken everybody more changes have come, which they read in one go.

use std::sync::Arc;

use tokio::task::yield_now;

use crate::shared::Shared;

/// Runs until the store has ended.
pub(crate) async fn run(shared: Arc<Shared>) {
    while !*shared.ended.borrow() {
        shared.published.notified().await;
        // Nothing but the wake-up: whether there is an end is said by whoever brings it about.
        shared.ended.send_modify(|_| {});
        // Subscribers first, or this would wake them for each change after all.
        yield_now().await;
    }
}
