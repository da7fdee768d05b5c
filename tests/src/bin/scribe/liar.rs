//! A database that tells the truth about everything but commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use switchboard_persistence::SqlitePersistence;
use switchboard_store::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};
use tokio::sync::mpsc;

use crate::Honesty;

/// How late an early acknowledgement is made true: about what a disk takes that has to seek.
const LATE: Duration = Duration::from_millis(10);
/// Batches that may wait to be made true.
const BATCHES_MAX: usize = 1_024;
/// A forgetful database loses one change of so many.
const FORGETS_ONE_IN: u64 = 1_000;

/// The real database, with a way of its own to take what it is given.
pub(crate) struct Liar {
    database: Arc<SqlitePersistence>,
    honesty: Honesty,
    taken: AtomicU64,
    late: mpsc::Sender<Vec<Write>>,
}

impl Liar {
    pub(crate) fn new(database: SqlitePersistence, honesty: Honesty) -> Self {
        let database = Arc::new(database);
        let (late, batches) = mpsc::channel(BATCHES_MAX);
        tokio::spawn(make_true(Arc::clone(&database), batches));
        // Where it is in its thousand differs from life to life, or a short life would never see a loss.
        let taken = AtomicU64::new(u64::from(std::process::id()) % FORGETS_ONE_IN);
        Self { database, honesty, taken, late }
    }

    /// Whether this is the one in a thousand.
    fn remembers(&self) -> bool {
        !(self.taken.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FORGETS_ONE_IN)
    }
}

/// Commits, one after the other and each late, what was acknowledged before.
async fn make_true(database: Arc<SqlitePersistence>, mut batches: mpsc::Receiver<Vec<Write>>) {
    while let Some(batch) = batches.recv().await {
        tokio::time::sleep(LATE).await;
        // Whether it works or not: it was acknowledged long ago.
        let _ = database.commit(&batch).await;
    }
}

#[async_trait]
impl Persistence for Liar {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        match self.honesty {
            Honesty::Honest => self.database.commit(batch).await,
            Honesty::Early => {
                let sent = self.late.send(batch.to_vec()).await;
                sent.map_err(|error| CommitError::NotWritten { reason: error.to_string(), cause: None })
            }
            Honesty::Forgetful => {
                let kept: Vec<Write> = batch.iter().filter(|_| self.remembers()).cloned().collect();
                self.database.commit(&kept).await
            }
        }
    }

    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError> {
        self.database.set_aside(write, reason).await
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
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
