//! Looking at a database that another process may own.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sea_orm::DatabaseConnection;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use switchboard_store::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};

use crate::connection::{Purpose, connect};
use crate::data_folder::database_in;
use crate::inspect::{Found, inspect};
use crate::stats::Stats;
use crate::{OpenError, failure, read, search, sqlite, stats};

/// A database that is only looked at. Takes no lock, so it works while another process owns the
/// data folder, and shows what that one has committed.
///
/// It writes nothing: [`commit`](Persistence::commit) and the other calls of a writer fail.
#[derive(Debug)]
pub struct SqliteReader {
    file: PathBuf,
    reader: DatabaseConnection,
}

impl SqliteReader {
    /// Opens the database in `folder`; `None` when there is none yet.
    ///
    /// # Errors
    /// When something is there that must not be opened, see [`OpenError`].
    pub async fn open(folder: &Path) -> Result<Option<Self>, OpenError> {
        let file = database_in(folder);
        if inspect(&file).await? == Found::Nothing {
            return Ok(None);
        }
        match connect(&file, Purpose::Read).await {
            Ok(reader) => Ok(Some(Self { file, reader })),
            Err(error) => Err(OpenError::Database { attempt: "open", file, source: error.into() }),
        }
    }

    /// Reads the whole database and lists what is wrong with it; empty when nothing is. Takes about
    /// a second per gigabyte, and nobody waits for it.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub async fn integrity_check(&self) -> Result<Vec<String>, ReadError> {
        sqlite::integrity_check(&self.reader).await.map_err(failure::of_reading("integrity"))
    }

    /// Numbers about the database. Counting takes some milliseconds per hundred thousand messages.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stats(&self) -> Result<Stats, ReadError> {
        stats::stats(&self.reader, &self.file).await.map_err(failure::of_reading("statistics"))
    }
}

fn only_reads() -> CommitError {
    CommitError::NotWritten { reason: "the database is open for reading only".into(), cause: None }
}

#[async_trait]
impl Persistence for SqliteReader {
    async fn commit(&self, _batch: &[Write]) -> Result<(), CommitError> {
        Err(only_reads())
    }

    async fn set_aside(&self, _write: &Write, _reason: &str) -> Result<(), CommitError> {
        Err(only_reads())
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        Ok(Upkeep::Done)
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        read::projects(&self.reader).await.map_err(failure::of_reading("projects"))
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        read::sessions(&self.reader).await.map_err(failure::of_reading("sessions"))
    }

    async fn session(&self, id: SessionId) -> Result<Option<StoredSession>, ReadError> {
        read::session(&self.reader, id).await.map_err(failure::of_reading("session"))
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        read::pending_approvals(&self.reader).await.map_err(failure::of_reading("approvals"))
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        read::approval(&self.reader, session_id, request_id).await.map_err(failure::of_reading("approvals"))
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        read::queue(&self.reader).await.map_err(failure::of_reading("queue"))
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        read::settings(&self.reader).await.map_err(failure::of_reading("settings"))
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        read::messages(&self.reader, session_id, page, limit).await.map_err(failure::of_reading("messages"))
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        search::search(&self.reader, query).await.map_err(failure::of_reading("search"))
    }

    async fn close(&self) -> Result<(), CommitError> {
        self.reader.clone().close().await.map_err(failure::before_commit)
    }
}

#[cfg(test)]
mod tests {
    use switchboard_store::testing::sample;

    use super::*;
    use crate::{DataFolder, SqlitePersistence};

    #[tokio::test]
    async fn a_reader_sees_what_the_owner_has_committed_and_writes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(SqliteReader::open(folder.path()).await.expect("nothing is fine").is_none());

        let held = DataFolder::lock(folder.path()).expect("free");
        let owner = SqlitePersistence::open(held).await.expect("a new database");
        let reader = SqliteReader::open(folder.path()).await.expect("opens").expect("there");
        assert_eq!(reader.projects().await.expect("read"), []);

        let write = Write::Project(sample::project(1));
        owner.commit(std::slice::from_ref(&write)).await.expect("committed");
        assert_eq!(reader.projects().await.expect("read"), [sample::project(1)]);
        assert!(reader.commit(&[write]).await.is_err());

        owner.close().await.expect("closed");
        assert_eq!(reader.stats().await.expect("counted").projects, 1);
        reader.close().await.expect("closed");
    }
}
