//! The port behind which a database sits, and what crosses it.
//!
//! The store talks to this trait and to nothing else; adapters (SQLite, the in-memory twin) implement
//! it and pass the same contract suite. The trait names no library and no query language.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::{
    Approval, Draft, Message, MessageId, Project, ProjectId, QueuedMessage, QueuedMessageId, RequestId, Role, Seq,
    Session, SessionId, StoredSession, Timestamp,
};
use thiserror::Error;

/// A foreign error, kept as the cause.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// One row as it shall be from now on, or one that shall be gone.
///
/// Every write is idempotent: doing it twice, or doing it again after later ones of the same batch,
/// leaves what doing it once leaves. Within a batch order matters: what a [`Write::ClearSession`]
/// removes, a later write of the same batch may add anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "write")]
pub enum Write {
    /// Insert the project or replace it by id.
    Project(Project),
    /// Insert the session or replace it by id.
    Session(Box<Session>),
    /// Insert the message or replace it by id. Its session's row was written before or is in the
    /// same batch ahead of it.
    Message(Arc<Message>),
    /// What the session's agent is saying right now; an empty draft removes the row.
    Draft {
        /// The session.
        session_id: SessionId,
        /// What is under way.
        draft: Draft,
    },
    /// Insert the approval or replace it by session and request.
    Approval(Box<Approval>),
    /// Insert the queued message or replace it by id.
    Queued(QueuedMessage),
    /// Remove a queued message, if it is there.
    Dequeue(QueuedMessageId),
    /// Insert the setting or replace it by key.
    Setting {
        /// Its name.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Remove a setting, if it is there.
    RemoveSetting {
        /// Its name.
        key: String,
    },
    /// Remove the session's messages, draft, approvals and queue; keep the session.
    ClearSession(SessionId),
    /// Remove the session and everything that belongs to it.
    DeleteSession(SessionId),
}

/// Why a batch did not get to disk. The kind decides what the writer does next.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Nothing of the batch was written; the same batch may go through later (locked, full, unreachable).
    #[error("the database did not take the changes: {reason}")]
    NotWritten {
        /// What the database says, for a person.
        reason: String,
        /// The adapter's error.
        #[source]
        cause: Option<Cause>,
    },
    /// Nothing of the batch was written, and it never will be as it is (a constraint).
    #[error("the database can never take one of the changes: {reason}")]
    Refused {
        /// What the database says, for a person.
        reason: String,
        /// The adapter's error.
        #[source]
        cause: Option<Cause>,
    },
    /// The batch was written whole or not at all, and nobody knows which. Sending it again is safe.
    #[error("the database did not say whether it took the changes: {reason}")]
    Unknown {
        /// What the database says, for a person.
        reason: String,
        /// The adapter's error.
        #[source]
        cause: Option<Cause>,
    },
}

impl CommitError {
    /// What the database says, for a person.
    pub fn reason(&self) -> &str {
        match self {
            Self::NotWritten { reason, .. } | Self::Refused { reason, .. } | Self::Unknown { reason, .. } => reason,
        }
    }
}

/// Reading failed. Nothing was changed by trying.
#[derive(Debug, Error)]
#[error("cannot read {what}: {reason}")]
pub struct ReadError {
    /// What was to be read (`sessions`, `messages` …).
    pub what: &'static str,
    /// What the database says, for a person.
    pub reason: String,
    /// The adapter's error.
    #[source]
    pub cause: Option<Cause>,
}

/// Which messages of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest ones.
    Newest,
    /// The newest ones before this place.
    Before(Seq),
    /// The oldest ones after this place.
    After(Seq),
}

/// The most messages one page may have; a larger limit is cut to it.
pub const PAGE_MESSAGES_MAX: u32 = 1_000;

/// Words to look for in all transcripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// What a person typed: words that must all occur. No query syntax; every character is taken literally.
    pub words: String,
    /// Only in this project.
    pub project_id: Option<ProjectId>,
    /// Only in this session.
    pub session_id: Option<SessionId>,
    /// Which hits come first.
    pub order: SearchOrder,
    /// The most hits to return.
    pub limit: u32,
}

/// Which hits come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// The newest. Fast for every word.
    #[default]
    Newest,
    /// The best match. Slow for words that occur everywhere.
    Rank,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The session it belongs to.
    pub session_id: SessionId,
    /// The message.
    pub message_id: MessageId,
    /// Its place in the session.
    pub seq: Seq,
    /// Who speaks.
    pub role: Role,
    /// The text around the first hit, with the found words between `[` and `]`.
    pub snippet: String,
    /// When the message was appended.
    pub created_at: Timestamp,
}

/// Whether there is more upkeep to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Upkeep {
    /// Nothing left.
    Done,
    /// A slice is done; call again when there is time.
    More,
}

/// What the store needs of a database.
///
/// Only the store's writer calls [`commit`](Self::commit), [`set_aside`](Self::set_aside),
/// [`maintain`](Self::maintain) and [`close`](Self::close), one at a time and in order; reading may
/// happen at any time from any task, and sees only what was committed.
#[async_trait]
pub trait Persistence: Send + Sync + 'static {
    /// Writes all of `batch`, in order, or nothing of it.
    ///
    /// If the machine dies before or during the call, the batch is on disk whole or not at all;
    /// once the call has returned `Ok`, it is there whatever happens next, power cut included. Not
    /// cancellation-safe: a dropped call leaves the outcome unknown.
    ///
    /// # Errors
    /// See [`CommitError`]; after any of them the same batch may be sent again.
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError>;

    /// Keeps a write that the database refuses where a person can find it, outside the database.
    ///
    /// # Errors
    /// When even that fails; the writer then tries again, as with any batch.
    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError>;

    /// Does one bounded slice of upkeep off the commit path: search index, checkpoint.
    ///
    /// If the machine dies during it, nothing is lost; the work is done again.
    ///
    /// # Errors
    /// When the slice could not be done; it is tried again later.
    async fn maintain(&self) -> Result<Upkeep, CommitError>;

    /// All projects, removed ones too, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn projects(&self) -> Result<Vec<Project>, ReadError>;

    /// All sessions, newest first, each with the place of its newest message and its draft.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError>;

    /// One session, for whoever looks at it again and again; all of it is of one moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn session(&self, id: SessionId) -> Result<Option<StoredSession>, ReadError>;

    /// Approvals without an answer, oldest first; those of one moment by session and request.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError>;

    /// One approval, answered or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError>;

    /// All queued messages, in queue order.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError>;

    /// All settings.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError>;

    /// At most `limit` messages of a session, oldest first. An unknown session has none.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError>;

    /// Messages with all of the words.
    ///
    /// # Errors
    /// When the database cannot be read.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError>;

    /// Finishes what upkeep must not wait (a last checkpoint) and lets go of the database. After it
    /// every call fails.
    ///
    /// # Errors
    /// When the last upkeep failed; the database is let go all the same, and nothing is lost.
    async fn close(&self) -> Result<(), CommitError>;
}
