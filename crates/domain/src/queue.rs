//! Messages typed while the agent was busy.

use serde::{Deserialize, Serialize};

use crate::{QueuedMessageId, SessionId, Timestamp};

/// A message that waits for the agent to finish its turn. First in, first out, per session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// Its identity; the order of ids is the order of the queue.
    pub id: QueuedMessageId,
    /// The session it is for.
    pub session_id: SessionId,
    /// The text.
    pub content: String,
    /// When it was typed.
    pub created_at: Timestamp,
    /// How far it got.
    pub delivery: Delivery,
}

/// How far a queued message got. It leaves the queue only when the agent has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Waits for its turn. Can be edited and cancelled.
    Waiting,
    /// Being handed to the agent right now.
    Sending,
    /// Was being handed over when the app or the agent died: the agent may have it or not. A person decides.
    Unknown,
}

impl Delivery {
    /// The name used in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a message left the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dequeued {
    /// The agent has it.
    Delivered,
    /// A person took it back.
    Cancelled,
}
