//! What a store can be told, and where it gets time and ids from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::Timestamp;
use uuid::Uuid;

/// Where a store gets the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time now. Need not be monotonic.
    fn now(&self) -> Timestamp;
}

/// Where a store gets new ids from.
pub trait IdSource: Send + Sync + 'static {
    /// A fresh id, greater than all it gave before (a version 7 UUID).
    fn next_id(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// Random version 7 UUIDs, increasing within the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn next_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// What a [`Store`](crate::Store) can be told.
#[derive(Clone)]
pub struct StoreConfig {
    /// Where the time comes from; a test's own clock makes a run repeatable.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from; a test's own source makes a run repeatable.
    pub ids: Arc<dyn IdSource>,
    /// How long a new session may wait for the disk before it is refused.
    pub intent_timeout: Duration,
    /// How often unfinished text is saved. A crash loses at most this much of its tail.
    pub checkpoint_every: Duration,
    /// How long one commit may take before health says degraded.
    pub stall_after: Duration,
    /// Bytes of unsaved changes from which on [`Store::ready`](crate::Store::ready) makes agents wait.
    pub unsaved_bytes_max: usize,
    /// Bytes of published changes kept for subscribers that are behind; one further behind must take a new snapshot.
    pub backlog_bytes_max: usize,
    /// Messages of one session kept in memory once they are on disk.
    pub transcript_messages_max: usize,
    /// Bytes of text of one session kept in memory once they are on disk.
    pub transcript_bytes_max: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            intent_timeout: Duration::from_secs(5),
            checkpoint_every: Duration::from_millis(250),
            stall_after: Duration::from_millis(700),
            unsaved_bytes_max: 64 << 20,
            backlog_bytes_max: 16 << 20,
            transcript_messages_max: 5_000,
            transcript_bytes_max: 32 << 20,
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("intent_timeout", &self.intent_timeout)
            .field("checkpoint_every", &self.checkpoint_every)
            .field("stall_after", &self.stall_after)
            .field("unsaved_bytes_max", &self.unsaved_bytes_max)
            .field("backlog_bytes_max", &self.backlog_bytes_max)
            .field("transcript_messages_max", &self.transcript_messages_max)
            .field("transcript_bytes_max", &self.transcript_bytes_max)
            .finish_non_exhaustive()
    }
}
