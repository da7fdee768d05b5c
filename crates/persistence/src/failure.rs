//! What a database error means to the store.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, SqlxError};
use switchboard_store::{CommitError, ReadError};

use crate::entity::Unstorable;

/// SQLite's primary result codes.
mod code {
    pub(super) const ERROR: i32 = 1;
    pub(super) const BUSY: i32 = 5;
    pub(super) const FULL: i32 = 13;
    pub(super) const TOO_BIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const MISMATCH: i32 = 20;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

/// The primary result code; the extended ones have it in their low byte.
fn primary_code(error: &DbErr) -> Option<i32> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    match Arc::as_ref(error) {
        SqlxError::Database(error) => Some(error.code()?.parse::<i32>().ok()? & 0xff),
        _ => None,
    }
}

/// Whether the file itself is at fault.
pub(crate) fn is_damage(error: &DbErr) -> bool {
    matches!(primary_code(error), Some(code::CORRUPT | code::NOT_A_DATABASE))
}

/// Whether a table or a column is not what it should be.
pub(crate) fn is_of_schema(error: &DbErr) -> bool {
    primary_code(error) == Some(code::ERROR)
}

/// A failure before the transaction was to be committed: nothing was written.
pub(crate) fn before_commit(error: DbErr) -> CommitError {
    let reason = reason(&error);
    let code = primary_code(&error);
    let cause = Some(error.into());
    match code {
        Some(code::CONSTRAINT | code::TOO_BIG | code::MISMATCH) => CommitError::Refused { reason, cause },
        _ => CommitError::NotWritten { reason, cause },
    }
}

/// A failure to commit. A full disk or a lock shows before the record that makes the transaction
/// count is written; anything else may have come after it.
pub(crate) fn at_commit(error: DbErr) -> CommitError {
    let reason = reason(&error);
    let code = primary_code(&error);
    let cause = Some(error.into());
    match code {
        Some(code::CONSTRAINT) => CommitError::Refused { reason, cause },
        Some(code::BUSY | code::FULL) => CommitError::NotWritten { reason, cause },
        _ => CommitError::Unknown { reason, cause },
    }
}

/// A value that no table has room for.
pub(crate) fn unstorable(error: Unstorable) -> CommitError {
    CommitError::Refused { reason: error.to_string(), cause: Some(error.into()) }
}

/// A failure of what is not a transaction: files.
pub(crate) fn of_file(error: std::io::Error) -> CommitError {
    CommitError::NotWritten { reason: error.to_string(), cause: Some(error.into()) }
}

pub(crate) fn of_reading(what: &'static str) -> impl FnOnce(DbErr) -> ReadError {
    move |error| ReadError { what, reason: reason(&error), cause: Some(error.into()) }
}

/// What SQLite says, without the names of the layers it came through.
pub(crate) fn reason(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match Arc::as_ref(error) {
            SqlxError::Database(error) => error.message().to_owned(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}
