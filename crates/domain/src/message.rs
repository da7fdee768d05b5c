//! Entries of a transcript.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MessageId, SessionId, Timestamp, ToolCall, Usage};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The agent.
    Assistant,
    /// Neither: a note by the agent program or by Switchboard.
    System,
}

impl Role {
    /// The name used in the database, the API and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The place of a message in its session: 1, 2, 3 … without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first message: the last `Seq` of an empty transcript.
    pub const ZERO: Self = Self(0);
    /// The first message's place.
    pub const FIRST: Self = Self(1);

    /// The place with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place after this one; saturates, since places come in from outside.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a message says; everything but its place in a transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageBody {
    /// Who speaks.
    pub role: Role,
    /// The text, as Markdown. May be empty when the agent only thought or called tools.
    pub content: String,
    /// What the agent thought before it spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Tools it called, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Tokens it cost, when the agent says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

impl MessageBody {
    /// Plain text by `role`.
    pub fn text(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), thinking: None, tool_calls: Vec::new(), usage: None }
    }
}

/// An entry of a session's transcript. Append-only: once there, only the outcome of its tool calls can change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its identity.
    pub id: MessageId,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// Its place in the session.
    pub seq: Seq,
    /// What it says.
    #[serde(flatten)]
    pub body: MessageBody,
    /// When it was appended.
    pub created_at: Timestamp,
}
