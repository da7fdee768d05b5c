//! Numbers about a database, for whoever looks after it.

use std::path::Path;

use sea_orm::{DatabaseConnection, DbErr};

use crate::connection::one;
use crate::inspect::log_bytes;

/// Numbers about a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The size of the database's file in bytes.
    pub database_bytes: u64,
    /// The size of its write-ahead log in bytes.
    pub log_bytes: u64,
    /// How many projects it has, removed ones too.
    pub projects: u64,
    /// How many sessions.
    pub sessions: u64,
    /// How many messages.
    pub messages: u64,
    /// How many messages the search index does not know yet, or knows wrongly.
    pub search_lag: u64,
}

/// One query, so that the numbers fit each other.
const COUNTS: &str = "
SELECT
    (SELECT count(*) FROM projects),
    (SELECT count(*) FROM agent_sessions),
    (SELECT count(*) FROM messages),
    (SELECT count(*) FROM messages WHERE row_id > (SELECT indexed_through FROM search_progress))
        + (SELECT count(*) FROM search_stale)";

pub(crate) async fn stats(reader: &DatabaseConnection, file: &Path) -> Result<Stats, DbErr> {
    let row = one(reader, COUNTS).await?;
    let count = |index| row.try_get_by_index::<i64>(index).map(i64::unsigned_abs);
    Ok(Stats {
        database_bytes: std::fs::metadata(file).map_or(0, |file| file.len()),
        log_bytes: log_bytes(file),
        projects: count(0)?,
        sessions: count(1)?,
        messages: count(2)?,
        search_lag: count(3)?,
    })
}
