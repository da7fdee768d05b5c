//! One way to tell a person: a queue with an end, and a task that empties it in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::Notification;
use super::kind::Kinds;

/// Notifications that may wait in one channel. More than a person reads; a channel that is so far behind is broken.
pub(super) const WAITING_MAX: usize = 256;

/// How a notification leaves.
#[async_trait]
pub(super) trait Messenger: Send + 'static {
    /// For the log.
    fn name(&self) -> &str;

    /// Delivers, trying again as it sees fit. Bounded in time.
    async fn deliver(&mut self, notification: &Notification) -> Result<(), String>;
}

/// What became of a channel's notifications.
#[derive(Debug, Default)]
pub(super) struct Tally {
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    /// Those that arrived.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Those that were given up.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Those for which there was no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The near end of a channel.
pub(super) struct Channel {
    kinds: Kinds,
    queue: mpsc::Sender<Arc<Notification>>,
    tally: Arc<Tally>,
}

impl Channel {
    /// A channel for these kinds, and the task that empties it, which ends when the channel is dropped and
    /// everything was delivered or given up.
    pub(super) fn open(kinds: Kinds, messenger: impl Messenger) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let tally = Arc::new(Tally::default());
        (Self { kinds, queue, tally: Arc::clone(&tally) }, empty(messenger, waiting, tally))
    }

    /// Puts a notification into the queue if it is of a wanted kind. Never waits.
    pub(super) fn offer(&self, notification: &Arc<Notification>) {
        if self.kinds.contains(&notification.kind) && self.queue.try_send(Arc::clone(notification)).is_err() {
            Tally::count(&self.tally.dropped);
            tracing::warn!(kind = notification.kind.as_str(), "a notification was dropped: too many wait already");
        }
    }

    /// What became of the notifications so far.
    #[cfg(test)]
    pub(super) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }
}

async fn empty(mut messenger: impl Messenger, mut waiting: mpsc::Receiver<Arc<Notification>>, tally: Arc<Tally>) {
    while let Some(notification) = waiting.recv().await {
        match messenger.deliver(&notification).await {
            Ok(()) => Tally::count(&tally.delivered),
            Err(error) => {
                Tally::count(&tally.failed);
                let (channel, id) = (messenger.name(), notification.id);
                tracing::warn!(channel, %id, error, "a notification was not delivered");
            }
        }
    }
    let (delivered, failed, dropped) = (tally.delivered(), tally.failed(), tally.dropped());
    tracing::info!(channel = messenger.name(), delivered, failed, dropped, "no more notifications");
}
