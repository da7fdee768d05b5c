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

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use rstest::rstest;
    use sea_orm::sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// What SQLite says, with one of its result codes.
    #[derive(Debug)]
    struct Says(i32);

    impl fmt::Display for Says {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "(code: {}) so it is", self.0)
        }
    }

    impl Error for Says {}

    impl DatabaseError for Says {
        fn message(&self) -> &'static str {
            "so it is"
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn kind(error: &CommitError) -> &'static str {
        match error {
            CommitError::NotWritten { .. } => "not written",
            CommitError::Refused { .. } => "refused",
            CommitError::Unknown { .. } => "unknown",
        }
    }

    #[rstest]
    #[case::generic(1, "not written", "unknown")]
    #[case::busy(5, "not written", "not written")]
    #[case::busy_snapshot(517, "not written", "not written")]
    #[case::locked(6, "not written", "unknown")]
    #[case::no_memory(7, "not written", "unknown")]
    #[case::read_only(8, "not written", "unknown")]
    #[case::read_only_moved(1032, "not written", "unknown")]
    #[case::io(10, "not written", "unknown")]
    #[case::io_of_flushing(1034, "not written", "unknown")]
    #[case::corrupt(11, "not written", "unknown")]
    #[case::full(13, "not written", "not written")]
    #[case::cannot_open(14, "not written", "unknown")]
    #[case::too_big(18, "refused", "unknown")]
    #[case::constraint(19, "refused", "refused")]
    #[case::foreign_key(787, "refused", "refused")]
    #[case::unique(2067, "refused", "refused")]
    #[case::mismatch(20, "refused", "unknown")]
    fn an_error_says_what_became_of_the_batch(#[case] code: i32, #[case] before: &str, #[case] at: &str) {
        let error = || DbErr::Exec(RuntimeErr::SqlxError(Arc::new(SqlxError::Database(Box::new(Says(code))))));
        assert_eq!((kind(&before_commit(error())), kind(&at_commit(error()))), (before, at));
        assert_eq!(before_commit(error()).reason(), "so it is");
    }

    #[test]
    fn a_driver_that_died_before_the_commit_wrote_nothing_and_at_it_nobody_knows() {
        let died = || DbErr::Exec(RuntimeErr::SqlxError(Arc::new(SqlxError::WorkerCrashed)));
        assert_eq!((kind(&before_commit(died())), kind(&at_commit(died()))), ("not written", "unknown"));
    }
}
