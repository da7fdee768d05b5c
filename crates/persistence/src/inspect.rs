//! Finding out what a file is before anything is done to it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use sea_orm_migration::MigratorTrait;

use crate::connection::{Purpose, connect, one};
use crate::migration::Migrator;
use crate::upsert::statement;
use crate::{OpenError, failure};

/// Says in the file's header that a database is ours (`SwBd`).
pub(crate) const APPLICATION_ID: i32 = 0x5377_4264;

/// The format's first bytes, and where its header has the application's id (big-endian).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: usize = 100;

/// Tables that are read once each: the cheapest sign that a file is whole.
const PROBED_TABLES: [&str; 7] =
    ["projects", "agent_sessions", "messages", "drafts", "approvals", "queued_messages", "app_settings"];

/// What is at the place of a database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// One of ours, of this version or an older one.
    Ours,
}

/// Looks at the file without changing a byte of it.
///
/// # Errors
/// When something is there that must not be opened.
pub(crate) async fn inspect(file: &Path) -> Result<Found, OpenError> {
    let log_bytes = log_bytes(file);
    let header = match header(file) {
        Ok(header) => header,
        Err(error) if error.kind() == io::ErrorKind::NotFound && log_bytes == 0 => return Ok(Found::Nothing),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let reason = format!("it is gone, but its log {} is there", log_of(file).display());
            return Err(OpenError::Corrupt { file: file.to_owned(), reason });
        }
        Err(error) => return Err(unreadable(file, error.into())),
    };
    check_header(file, &header)?;
    // A log, even an empty one, may mean that another process is writing at this moment.
    let purpose = if log_of(file).exists() { Purpose::InspectWithLog } else { Purpose::Inspect };
    let connection = connect(file, purpose).await.map_err(|error| meaning(file, error))?;
    let checked = check_contents(&connection, file).await;
    let closed = connection.close().await;
    checked?;
    closed.map_err(|error| unreadable(file, error.into()))?;
    Ok(Found::Ours)
}

/// The write-ahead log beside a database; what is in it belongs to the database.
pub(crate) fn log_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// The size of the log; none is an empty one.
pub(crate) fn log_bytes(file: &Path) -> u64 {
    std::fs::metadata(log_of(file)).map_or(0, |log| log.len())
}

fn header(file: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    File::open(file)?.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    Ok(header)
}

/// A new database gets its name only when it is complete, so there is no such thing as an empty or
/// half-made one of ours.
fn check_header(file: &Path, header: &[u8]) -> Result<(), OpenError> {
    let file = || file.to_owned();
    if !header.starts_with(MAGIC) {
        return Err(OpenError::NotADatabase { file: file() });
    }
    let Some(id) = header.get(APPLICATION_ID_AT..).and_then(|rest| rest.first_chunk::<4>()) else {
        return Err(OpenError::Corrupt { file: file(), reason: "its header is cut off".into() });
    };
    if i32::from_be_bytes(*id) != APPLICATION_ID {
        return Err(OpenError::Foreign { file: file() });
    }
    Ok(())
}

async fn check_contents(connection: &DatabaseConnection, file: &Path) -> Result<(), OpenError> {
    let meaning = |error| meaning(file, error);
    let rows = connection.query_all_raw(statement("SELECT version FROM seaql_migrations ORDER BY version", Vec::new()));
    let known: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    for row in rows.await.map_err(meaning)? {
        let applied: String = row.try_get_by_index(0).map_err(meaning)?;
        if !known.contains(&applied) {
            return Err(OpenError::Newer { file: file.to_owned(), unknown: applied });
        }
    }
    for table in PROBED_TABLES {
        one(connection, &format!("SELECT (SELECT 1 FROM {table} LIMIT 1)")).await.map_err(meaning)?;
    }
    Ok(())
}

/// A file with our mark whose tables cannot be read is damaged, whatever SQLite calls it.
fn meaning(file: &Path, error: DbErr) -> OpenError {
    if failure::is_damage(&error) || failure::is_of_schema(&error) {
        return OpenError::Corrupt { file: file.to_owned(), reason: failure::reason(&error) };
    }
    unreadable(file, error.into())
}

fn unreadable(file: &Path, source: switchboard_store::Cause) -> OpenError {
    OpenError::Database { attempt: "read", file: file.to_owned(), source }
}
