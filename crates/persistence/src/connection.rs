//! Connections: how they are set up, and proof that they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, QueryResult};

use crate::OpenError;
use crate::upsert::statement;

/// How long SQLite waits for a lock. Short, because the store tries again by itself, and a person is
/// to know within a second that something holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);
/// How long a reader waits for one of the connections.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers at once; more would only wait for the same disk.
const READERS: u32 = 4;
/// Rows that a query may be ahead of whoever takes them: fewer changes of thread.
const ROWS_AHEAD: usize = 512;
/// The log is cut back to this when it starts anew.
const LOG_BYTES_KEPT: u64 = 4 * 1024 * 1024;
/// Older ones can lose commits when a log is reset while it is read.
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// All writing, upkeep included: exactly one connection.
    Write,
    /// Reading while others write.
    Read,
    /// Looking at a file that may not be ours, without leaving anything beside it.
    Inspect,
    /// Looking at a file that has a log beside it, which belongs to its contents.
    InspectWithLog,
}

impl Purpose {
    fn connections(self) -> u32 {
        if matches!(self, Self::Read) { READERS } else { 1 }
    }

    fn options(self, file: &Path) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .row_buffer_size(ROWS_AHEAD)
            .foreign_keys(true)
            .disable_statement_logging();
        match self {
            Self::Write => options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("wal_autocheckpoint", "0")
                .pragma("journal_size_limit", LOG_BYTES_KEPT.to_string())
                .pragma("cache_size", "-16384"),
            Self::Read => options.pragma("query_only", "ON"),
            Self::Inspect => options.immutable(true).read_only(true),
            Self::InspectWithLog => options.read_only(true),
        }
    }
}

/// Connects to a database that is there.
pub(crate) async fn connect(file: &Path, purpose: Purpose) -> Result<DatabaseConnection, DbErr> {
    let file: PathBuf = file.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(purpose.connections())
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |_| purpose.options(&file));
    Database::connect(options).await
}

/// Reads back everything that durability rests on: a setting that SQLite does not know, or that did
/// not take, is not an error to it.
pub(crate) async fn verify(writer: &DatabaseConnection, file: &Path) -> Result<(), OpenError> {
    let version: String = pragma(writer, file, "SELECT sqlite_version()").await?;
    let [least, found] = [SQLITE_MIN, parsed(&version)].map(|(major, minor, patch)| [major, minor, patch]);
    if found < least {
        let wanted = format!("at least {}.{}.{}", least[0], least[1], least[2]);
        return Err(OpenError::Setting { setting: "version", found: version, wanted });
    }
    let journal: String = pragma(writer, file, "PRAGMA journal_mode").await?;
    expect("journal_mode", &journal, "wal")?;
    let busy_timeout = BUSY_TIMEOUT.as_millis().to_string();
    for (setting, wanted) in [
        ("synchronous", "2"),
        ("foreign_keys", "1"),
        ("wal_autocheckpoint", "0"),
        ("busy_timeout", busy_timeout.as_str()),
    ] {
        let found: i64 = pragma(writer, file, &format!("PRAGMA {setting}")).await?;
        expect(setting, &found.to_string(), wanted)?;
    }
    Ok(())
}

fn expect(setting: &'static str, found: &str, wanted: &str) -> Result<(), OpenError> {
    if found.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(OpenError::Setting { setting, found: found.into(), wanted: wanted.into() })
}

async fn pragma<T: sea_orm::TryGetable>(
    connection: &DatabaseConnection,
    file: &Path,
    text: &str,
) -> Result<T, OpenError> {
    let value = async { one(connection, text).await?.try_get_by_index(0) };
    let failed = |source: DbErr| OpenError::Database {
        attempt: "read the settings of",
        file: file.to_owned(),
        source: source.into(),
    };
    value.await.map_err(failed)
}

/// The only row of a query without arguments.
pub(crate) async fn one(connection: &impl ConnectionTrait, text: &str) -> Result<QueryResult, DbErr> {
    let row = connection.query_one_raw(statement(text, Vec::new())).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(text.to_owned()))
}

fn parsed(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::bundled("3.51.3", true)]
    #[case::later_patch("3.51.10", true)]
    #[case::later("3.60.0", true)]
    #[case::next("4.0", true)]
    #[case::loses_commits("3.51.2", false)]
    #[case::older("3.9.99", false)]
    #[case::nonsense("unknown", false)]
    fn versions_compare_by_number(#[case] version: &str, #[case] good: bool) {
        assert_eq!(parsed(version) >= SQLITE_MIN, good);
    }

    #[test]
    fn a_setting_that_did_not_take_is_named() {
        let error = expect("synchronous", "1", "2").expect_err("not what durability needs");
        assert_eq!(error.to_string(), "sqlite has synchronous at 1, but it must be 2");
    }
}
