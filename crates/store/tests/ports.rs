//! Databases that break a promise of the port, to see that the tests notice.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use switchboard_store::testing::{FaultyPersistence, MemoryPersistence};
use switchboard_store::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};

use crate::fixtures::Database;

/// Which promise is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lie {
    /// None.
    #[default]
    Nothing,
    /// A batch is acknowledged at once and written with the next one.
    AcknowledgeEarly,
    /// One write in this many is left out.
    DropOneIn(u64),
}

/// A database that may lie, or take its time for upkeep.
pub(crate) struct Port {
    pub(crate) database: Database,
    pub(crate) lie: Lie,
    pub(crate) upkeep_takes: Duration,
    pub(crate) held_back: Mutex<Vec<Write>>,
    pub(crate) written: Mutex<u64>,
}

impl Default for Port {
    fn default() -> Self {
        Self {
            database: FaultyPersistence::new(MemoryPersistence::new()),
            lie: Lie::Nothing,
            upkeep_takes: Duration::ZERO,
            held_back: Mutex::default(),
            written: Mutex::default(),
        }
    }
}

impl Port {
    fn is_dropped(&self, every: u64) -> bool {
        let mut written = self.written.lock().expect("no panic");
        *written += 1;
        written.is_multiple_of(every)
    }
}

#[async_trait]
impl Persistence for Port {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        match self.lie {
            Lie::Nothing => self.database.commit(batch).await,
            Lie::AcknowledgeEarly => {
                let before = std::mem::replace(&mut *self.held_back.lock().expect("no panic"), batch.to_vec());
                self.database.commit(&before).await
            }
            Lie::DropOneIn(every) => {
                let kept: Vec<_> = batch.iter().filter(|_| !self.is_dropped(every)).cloned().collect();
                self.database.commit(&kept).await
            }
        }
    }

    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError> {
        self.database.set_aside(write, reason).await
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        tokio::time::sleep(self.upkeep_takes).await;
        self.database.maintain().await
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        self.database.projects().await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        self.database.sessions().await
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        self.database.pending_approvals().await
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        self.database.approval(session_id, request_id).await
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        self.database.queue().await
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        self.database.settings().await
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        self.database.messages(session_id, page, limit).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        self.database.search(query).await
    }

    async fn close(&self) -> Result<(), CommitError> {
        self.database.close().await
    }
}
