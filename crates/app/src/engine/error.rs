//! Why an order to the engine was not carried out.

use switchboard_domain::{QueuedMessageId, SessionStatus};
use switchboard_store::{CreateError, Refused};
use thiserror::Error;

use crate::engine::Overrun;

/// Where a message to a session went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// To the agent, or it is what the agent gets as soon as it is the session's turn.
    Delivered,
    /// Into the queue, behind what waits there.
    Queued(QueuedMessageId),
}

/// What a session was told so that it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// Its last prompt, which was never answered, again.
    Again(String),
    /// This.
    With(String),
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EngineError {
    /// No session has this id.
    #[error("there is no such session")]
    SessionNotFound,
    /// No agent has this name.
    #[error("there is no agent `{name}`; there are: {known}")]
    UnknownAgent {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The session could not be created; nothing of it is left.
    #[error("no session was created: {0}")]
    NotCreated(#[from] CreateError),
    /// The store refused; nothing changed.
    #[error(transparent)]
    Refused(Refused),
    /// It is in memory but not on disk, and was therefore not sent.
    #[error("not saved, not sent: {reason}")]
    NotSaved {
        /// What is wrong with the disk.
        reason: String,
    },
    /// The answer is in memory; the agent gets it as soon as it is on disk.
    #[error("answered, waiting for the disk: {reason}")]
    AnswerWaits {
        /// What is wrong with the disk.
        reason: String,
    },
    /// No more may be spent.
    #[error(transparent)]
    BudgetSpent(#[from] Overrun),
    /// The session is not one that was cut off.
    #[error("the session is {status}: there is nothing to resume")]
    NothingToResume {
        /// What it is.
        status: SessionStatus,
    },
    /// What was said last is not known.
    #[error("the transcript cannot be read: {0}")]
    TranscriptUnreadable(String),
    /// The agent's program could not be started.
    #[error("Failed to start agent: {0}")]
    NotStarted(String),
    /// The agent is gone, or does not listen.
    #[error("the agent did not get it: {0}")]
    NotDelivered(String),
    /// The agent may have got it, or not.
    #[error("it is unknown whether the agent got it: {0}")]
    DeliveryUnknown(String),
    /// What its agent keeps of the session could not be removed, so all of the session is still there.
    #[error("nothing was deleted: {0}")]
    NotDeleted(String),
    /// The session was stopped first.
    #[error("the session was stopped before the agent got it")]
    Stopped,
    /// The engine takes no more orders.
    #[error("switchboard is shutting down")]
    ShuttingDown,
}

impl From<Refused> for EngineError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::SessionNotFound => Self::SessionNotFound,
            other => Self::Refused(other),
        }
    }
}
