//! A database in memory: the twin of the real adapters.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};

use self::tables::Tables;
use crate::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};

mod search;
mod tables;

/// A database in memory with the real semantics of every write.
///
/// Clones share everything. [`reopen`](Self::reopen) gives a fresh handle on the same rows, as
/// opening the database again after a crash does.
#[derive(Clone, Debug, Default)]
pub struct MemoryPersistence {
    disk: Arc<Mutex<Disk>>,
    closed: Arc<AtomicBool>,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    tables: Tables,
    dead_letters: Vec<(Write, String)>,
    commits: u64,
}

impl MemoryPersistence {
    /// An empty database.
    pub fn new() -> Self {
        Self::default()
    }

    /// An open handle on the same rows, whether or not this one was closed.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self { disk: Arc::clone(&self.disk), closed: Arc::default() }
    }

    /// Another database with the same rows, which goes its own way from here on.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { disk: Arc::new(Mutex::new(self.disk().clone())), closed: Arc::default() }
    }

    /// How many batches were committed, over all handles.
    pub fn commits(&self) -> u64 {
        self.disk().commits
    }

    /// What was set aside and why, oldest first, over all handles.
    pub fn dead_letters(&self) -> Vec<(Write, String)> {
        self.disk().dead_letters.clone()
    }

    /// The whole transcript of a session, oldest first, without paging.
    pub fn transcript(&self, session_id: SessionId) -> Vec<Arc<Message>> {
        self.disk().tables.transcript(session_id)
    }

    /// A panic of a test in another thread must not hide the rows from the one that explains it.
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> Result<MutexGuard<'_, Disk>, CommitError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(CommitError::NotWritten { reason: "the database is closed".into(), cause: None });
        }
        Ok(self.disk())
    }

    fn readable(&self, what: &'static str) -> Result<MutexGuard<'_, Disk>, ReadError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(ReadError { what, reason: "the database is closed".into(), cause: None });
        }
        Ok(self.disk())
    }
}

#[async_trait]
impl Persistence for MemoryPersistence {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        let mut disk = self.writable()?;
        disk.tables.commit(batch).map_err(|reason| CommitError::Refused { reason, cause: None })?;
        disk.commits += 1;
        Ok(())
    }

    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError> {
        self.writable()?.dead_letters.push((write.clone(), reason.to_owned()));
        Ok(())
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        self.writable().map(|_| Upkeep::Done)
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        Ok(self.readable("projects")?.tables.projects())
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        Ok(self.readable("sessions")?.tables.sessions())
    }

    async fn session(&self, id: SessionId) -> Result<Option<StoredSession>, ReadError> {
        Ok(self.readable("session")?.tables.stored_session(id))
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        Ok(self.readable("approvals")?.tables.pending_approvals())
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        Ok(self.readable("approvals")?.tables.approval(session_id, request_id))
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        Ok(self.readable("queue")?.tables.queue())
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        Ok(self.readable("settings")?.tables.settings())
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        Ok(self.readable("messages")?.tables.page(session_id, page, limit))
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        Ok(search::search(&self.readable("search")?.tables, query))
    }

    async fn close(&self) -> Result<(), CommitError> {
        drop(self.writable()?);
        self.closed.store(true, Ordering::SeqCst);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::contract::Subject;
    use crate::testing::sample;

    #[async_trait]
    impl Subject for MemoryPersistence {
        async fn open(&self) -> Box<dyn Persistence> {
            Box::new(self.reopen())
        }
    }

    crate::persistence_contract!(MemoryPersistence::new());

    #[tokio::test]
    async fn clones_share_rows_and_closing_and_reopening_shares_rows_only() {
        let database = MemoryPersistence::new();
        database.clone().commit(&[Write::Project(sample::project(1))]).await.expect("committed");
        database.close().await.expect("closed");
        assert!(database.clone().projects().await.is_err());
        assert_eq!(database.reopen().projects().await.expect("projects"), [sample::project(1)]);
        assert_eq!(database.commits(), 1);
    }
}
