//! The tables, one file each, and the way of each row from and to the domain.

use sea_orm::DbErr;
use thiserror::Error;

pub(crate) mod agent_sessions;
pub(crate) mod app_settings;
pub(crate) mod approvals;
pub(crate) mod drafts;
pub(crate) mod messages;
pub(crate) mod projects;
pub(crate) mod queued_messages;

/// A value of the domain that the tables have no room for. It can never be written as it is.
#[derive(Debug, Error)]
pub(crate) enum Unstorable {
    #[error("the path {0} is not valid UTF-8")]
    Path(String),
    #[error("{0} is no place in a transcript")]
    Place(u64),
    #[error("a value has no JSON text: {0}")]
    Json(#[from] serde_json::Error),
}

/// A row that means nothing to this version: not written by it, or damaged.
pub(crate) fn unreadable(column: &'static str, reason: impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("column {column}: {reason}"))
}
