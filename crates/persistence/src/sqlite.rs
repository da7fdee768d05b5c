//! The port on SQLite.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use sea_orm_migration::MigratorTrait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use switchboard_store::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};

use crate::connection::{Purpose, connect};
use crate::entity::{agent_sessions, app_settings, approvals, drafts, messages, queued_messages};
use crate::inspect::{Found, inspect, log_bytes};
use crate::migration::Migrator;
use crate::plan::{Run, Step, plan};
use crate::stats::Stats;
use crate::upkeep::{Checkpoint, Chores, LOG_BYTES_HARD};
use crate::upsert::{delete, statement, upsert};
use crate::writer::Writer;
use crate::{BackupError, DataFolder, OpenError, backup, create, dead_letter, failure, read, search, stats};

/// Everything in one SQLite file in a data folder.
///
/// The folder is held until the value is dropped, even after it was closed.
///
/// Dropping it without [`close`](Persistence::close) is like a crash: nothing that was committed is
/// lost, and the next open takes a moment longer.
pub struct SqlitePersistence {
    folder: DataFolder,
    writer: Writer,
    reader: DatabaseConnection,
    chores: Chores,
    closed: AtomicBool,
}

impl SqlitePersistence {
    /// Opens the folder's database, and makes one if there is none.
    ///
    /// If the machine dies while a new one is made, there is none; while an older one is brought up
    /// to date, it is as it was or up to date.
    ///
    /// # Errors
    /// See [`OpenError`]. Whatever it says, the file was not changed.
    pub async fn open(folder: DataFolder) -> Result<Self, OpenError> {
        let file = folder.database();
        if inspect(&file).await? == Found::Nothing {
            create::create(&folder).await?;
        }
        let failed = |attempt| {
            let file = file.clone();
            move |error: DbErr| OpenError::Database { attempt, file, source: error.into() }
        };
        let writer = Writer::open(file.clone()).await?;
        let connection = writer.connection().await.map_err(failed("open"))?;
        Migrator::up(&connection, None).await.map_err(failed("bring up to date"))?;
        let reader = connect(&file, Purpose::Read).await.map_err(failed("open"))?;
        Ok(Self { chores: Chores::new(file), folder, writer, reader, closed: AtomicBool::new(false) })
    }

    /// The folder it is in.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Copies the database, as it is at one moment, to a file that must not be there. Readable by
    /// the owner only, and on disk when the call returns.
    ///
    /// # Errors
    /// See [`BackupError`]; nothing is left behind.
    pub async fn backup(&self, path: &Path) -> Result<(), BackupError> {
        backup::backup(&self.folder.database(), path).await
    }

    /// Reads the whole database and lists what is wrong with it; empty when nothing is. Takes about
    /// a second per gigabyte, and nobody waits for it.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub async fn integrity_check(&self) -> Result<Vec<String>, ReadError> {
        integrity_check(self.reader("integrity")?).await.map_err(failure::of_reading("integrity"))
    }

    /// Numbers about the database. Counting takes some milliseconds per hundred thousand messages.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stats(&self) -> Result<Stats, ReadError> {
        let reader = self.reader("statistics")?;
        stats::stats(reader, &self.folder.database()).await.map_err(failure::of_reading("statistics"))
    }

    fn reader(&self, what: &'static str) -> Result<&DatabaseConnection, ReadError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(ReadError { what, reason: CLOSED.into(), cause: None });
        }
        Ok(&self.reader)
    }

    fn check_open(&self) -> Result<(), CommitError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CommitError::NotWritten { reason: CLOSED.into(), cause: None });
        }
        Ok(())
    }
}

const CLOSED: &str = "the database is closed";

/// What is wrong with the whole database.
pub(crate) async fn integrity_check(reader: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let rows = reader.query_all_raw(statement("PRAGMA integrity_check", Vec::new())).await?;
    let lines = rows.iter().map(|row| row.try_get_by_index::<String>(0));
    let broken = reader.query_all_raw(statement("PRAGMA foreign_key_check", Vec::new())).await?;
    let orphans =
        broken.iter().map(|row| row.try_get_by_index(0).map(|table: String| format!("orphan row in {table}")));
    lines.chain(orphans).filter(|line| line.as_deref() != Ok("ok")).collect()
}

#[async_trait]
impl Persistence for SqlitePersistence {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        self.check_open()?;
        let steps = plan(batch).map_err(failure::unstorable)?;
        if steps.is_empty() {
            return Ok(());
        }
        self.writer.transaction(async |transaction| do_steps(transaction, steps).await).await?;
        self.chores.committed();
        if log_bytes(&self.folder.database()) > LOG_BYTES_HARD
            && let Err(error) = self.chores.checkpoint(&self.writer, Checkpoint::Passive).await
        {
            tracing::warn!(%error, "the write-ahead log grows, because it cannot be brought into the database");
        }
        Ok(())
    }

    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError> {
        self.check_open()?;
        let line = dead_letter::line(write, reason).map_err(|error| failure::unstorable(error.into()))?;
        let path = self.folder.dead_letters();
        let appended = tokio::task::spawn_blocking(move || dead_letter::append(&path, &line)).await;
        appended.map_err(std::io::Error::from).flatten().map_err(failure::of_file)
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        self.check_open()?;
        self.chores.slice(&self.writer).await
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        read::projects(self.reader("projects")?).await.map_err(failure::of_reading("projects"))
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        read::sessions(self.reader("sessions")?).await.map_err(failure::of_reading("sessions"))
    }

    async fn session(&self, id: SessionId) -> Result<Option<StoredSession>, ReadError> {
        read::session(self.reader("session")?, id).await.map_err(failure::of_reading("session"))
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        read::pending_approvals(self.reader("approvals")?).await.map_err(failure::of_reading("approvals"))
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        let reader = self.reader("approvals")?;
        read::approval(reader, session_id, request_id).await.map_err(failure::of_reading("approvals"))
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        read::queue(self.reader("queue")?).await.map_err(failure::of_reading("queue"))
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        read::settings(self.reader("settings")?).await.map_err(failure::of_reading("settings"))
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        let reader = self.reader("messages")?;
        read::messages(reader, session_id, page, limit).await.map_err(failure::of_reading("messages"))
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        search::search(self.reader("search")?, query).await.map_err(failure::of_reading("search"))
    }

    async fn close(&self) -> Result<(), CommitError> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Err(CommitError::NotWritten { reason: CLOSED.into(), cause: None });
        }
        // Readers first: the log can only be brought in whole when nobody reads from it.
        let reader = self.reader.clone().close().await;
        let checkpoint = self.chores.checkpoint(&self.writer, Checkpoint::Truncate).await;
        let writer = self.writer.close().await;
        checkpoint?;
        reader.and(writer).map_err(failure::before_commit)
    }
}

async fn do_steps(transaction: &DatabaseTransaction, steps: Vec<Step>) -> Result<(), DbErr> {
    for step in steps {
        match step {
            Step::Run(run) => write_run(transaction, *run).await?,
            Step::Clear(id) => clear(transaction, id).await?,
            Step::Delete(id) => {
                let id = vec![id.uuid().into()];
                delete::<agent_sessions::Entity, _>(transaction, agent_sessions::Column::Id, id).await?;
            }
        }
    }
    Ok(())
}

/// Owners before what belongs to them, removals before what may take their place.
async fn write_run(transaction: &DatabaseTransaction, run: Run) -> Result<(), DbErr> {
    let (drafts, no_drafts) = run.drafts.split();
    let (queue, dequeued) = run.queue.split();
    let (settings, no_settings) = run.settings.split();
    let keys = no_drafts.into_iter().map(|id| id.uuid().into()).collect();
    delete::<drafts::Entity, _>(transaction, drafts::Column::SessionId, keys).await?;
    let keys = dequeued.into_iter().map(|id| id.uuid().into()).collect();
    delete::<queued_messages::Entity, _>(transaction, queued_messages::Column::Id, keys).await?;
    let keys = no_settings.into_iter().map(Into::into).collect();
    delete::<app_settings::Entity, _>(transaction, app_settings::Column::Key, keys).await?;

    upsert(transaction, run.projects).await?;
    upsert(transaction, run.sessions.into_rows()).await?;
    upsert(transaction, run.messages.into_rows()).await?;
    upsert(transaction, drafts).await?;
    upsert(transaction, run.approvals.into_rows()).await?;
    upsert(transaction, queue).await?;
    upsert(transaction, settings).await
}

async fn clear(transaction: &DatabaseTransaction, id: SessionId) -> Result<(), DbErr> {
    let id = || vec![id.uuid().into()];
    delete::<messages::Entity, _>(transaction, messages::Column::SessionId, id()).await?;
    delete::<drafts::Entity, _>(transaction, drafts::Column::SessionId, id()).await?;
    delete::<approvals::Entity, _>(transaction, approvals::Column::SessionId, id()).await?;
    delete::<queued_messages::Entity, _>(transaction, queued_messages::Column::SessionId, id()).await
}
