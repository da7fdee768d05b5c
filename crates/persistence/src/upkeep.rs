//! What is done behind the writer, slice by slice: the search index and the write-ahead log.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use switchboard_store::{CommitError, Upkeep};

use crate::connection::one;
use crate::failure;
use crate::inspect::log_bytes;
use crate::upsert::statement;
use crate::writer::Writer;

/// Messages per slice of indexing: some 15 ms of work, so that a commit behind it does not wait longer.
const SLICE_ROWS: i64 = 500;
/// Text per slice of indexing, so that few long messages do not make a long slice.
const SLICE_BYTES: i64 = 512 * 1024;
/// A log larger than this is brought into the database even when there is no quiet moment: small, so
/// that a commit behind it does not wait long.
const LOG_BYTES_SOFT: u64 = 4 * 1024 * 1024;
/// A log larger than this is brought into the database by a commit itself, if upkeep is never called.
pub(crate) const LOG_BYTES_HARD: u64 = 64 * 1024 * 1024;
/// A log larger than this is also made short again in a quiet moment.
const LOG_BYTES_QUIET: u64 = 4 * 1024 * 1024;

/// What upkeep there is to do.
pub(crate) struct Chores {
    file: PathBuf,
    /// Whether messages came, changed or went since the index was last found complete.
    index_behind: AtomicBool,
    /// Whether anything was committed since the log was last brought in whole.
    log_behind: AtomicBool,
}

impl Chores {
    /// Nothing is known about a database that was just opened, so everything may be behind.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, index_behind: AtomicBool::new(true), log_behind: AtomicBool::new(true) }
    }

    /// A batch was committed, which may have touched messages.
    pub(crate) fn committed(&self) {
        self.index_behind.store(true, Ordering::Release);
        self.log_behind.store(true, Ordering::Release);
    }

    /// Does one slice.
    pub(crate) async fn slice(&self, writer: &Writer) -> Result<Upkeep, CommitError> {
        if log_bytes(&self.file) > LOG_BYTES_SOFT {
            self.checkpoint(writer, Checkpoint::Passive).await?;
        }
        // Taken before looking: a commit meanwhile sets it again.
        if self.index_behind.swap(false, Ordering::AcqRel) {
            let indexed = writer.transaction(index_slice).await.inspect_err(|_| self.committed())?;
            if indexed == Upkeep::More {
                self.committed();
                return Ok(Upkeep::More);
            }
        }
        let quiet = if log_bytes(&self.file) > LOG_BYTES_QUIET { Checkpoint::Truncate } else { Checkpoint::Passive };
        self.checkpoint(writer, quiet).await?;
        Ok(Upkeep::Done)
    }

    /// Brings what the log has into the database, as far as readers let it.
    pub(crate) async fn checkpoint(&self, writer: &Writer, how: Checkpoint) -> Result<(), CommitError> {
        if !self.log_behind.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let whole = async {
            let row = one(&writer.connection().await?, how.text()).await?;
            let (busy, pages, moved): (i64, i64, i64) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            Ok::<_, DbErr>(busy == 0 && pages == moved)
        };
        let whole = whole.await;
        if !matches!(whole, Ok(true)) {
            self.log_behind.store(true, Ordering::Release);
        }
        whole.map(|_| ()).map_err(failure::before_commit)
    }
}

/// How a log is brought in.
#[derive(Clone, Copy)]
pub(crate) enum Checkpoint {
    /// As much as possible without waiting for anybody.
    Passive,
    /// All of it, waiting for readers for a moment; the log is empty afterwards.
    Truncate,
}

impl Checkpoint {
    fn text(self) -> &'static str {
        match self {
            Self::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Self::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        }
    }
}

/// First what the index has wrong, then what it lacks. Each slice and the mark of how far it got are
/// one transaction, so a crash between slices loses nothing and repeats nothing.
async fn index_slice(transaction: &DatabaseTransaction) -> Result<Upkeep, DbErr> {
    if correct_stale(transaction).await? || index_new(transaction).await? {
        return Ok(Upkeep::More);
    }
    Ok(Upkeep::Done)
}

/// Some of the stale entries: all that are as old as the newest of the slice.
const STALE_SLICE: &str = "SELECT max(row_id) FROM (SELECT row_id FROM search_stale ORDER BY row_id LIMIT ?)";
const FORGET_STALE: &str =
    "DELETE FROM message_search WHERE rowid IN (SELECT row_id FROM search_stale WHERE row_id <= ?)";
const INDEX_STALE: &str = "INSERT INTO message_search (rowid, content) SELECT row_id, content FROM messages \
    WHERE row_id IN (SELECT row_id FROM search_stale WHERE row_id <= ?)";
const CLEAR_STALE: &str = "DELETE FROM search_stale WHERE row_id <= ?";

async fn correct_stale(transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
    let Some(through) = number(transaction, STALE_SLICE, vec![SLICE_ROWS]).await? else { return Ok(false) };
    for text in [FORGET_STALE, INDEX_STALE, CLEAR_STALE] {
        transaction.execute_raw(statement(text, vec![through.into()])).await?;
    }
    Ok(true)
}

/// The newest message of the next slice: those before it have less text than a slice may have.
const NEW_SLICE: &str = "
SELECT max(row_id) FROM (
    SELECT row_id, sum(bytes) OVER (ORDER BY row_id) - bytes AS bytes_before FROM (
        SELECT row_id, octet_length(content) AS bytes FROM messages
        WHERE row_id > (SELECT indexed_through FROM search_progress) ORDER BY row_id LIMIT ?
    )
) WHERE bytes_before < ?";
const INDEX_NEW: &str = "INSERT INTO message_search (rowid, content) SELECT row_id, content FROM messages \
    WHERE row_id > (SELECT indexed_through FROM search_progress) AND row_id <= ?";
const MARK_NEW: &str = "UPDATE search_progress SET indexed_through = ?";

async fn index_new(transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
    let Some(through) = number(transaction, NEW_SLICE, vec![SLICE_ROWS, SLICE_BYTES]).await? else {
        return Ok(false);
    };
    for text in [INDEX_NEW, MARK_NEW] {
        transaction.execute_raw(statement(text, vec![through.into()])).await?;
    }
    Ok(true)
}

async fn number(transaction: &DatabaseTransaction, text: &str, values: Vec<i64>) -> Result<Option<i64>, DbErr> {
    let values = values.into_iter().map(Into::into).collect();
    match transaction.query_one_raw(statement(text, values)).await? {
        Some(row) => row.try_get_by_index(0),
        None => Ok(None),
    }
}
