//! What an agent is saying right now.

use serde::{Deserialize, Serialize};

use crate::PendingToolCalls;

/// The unfinished part of a transcript: text that streams in, and tool calls that no message has
/// taken up. The final message replaces the text and takes up the calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Text so far.
    pub content: String,
    /// Thinking so far.
    pub thinking: String,
    /// Tool calls under way.
    pub tool_calls: PendingToolCalls,
}

impl Draft {
    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty() && self.thinking.is_empty() && self.tool_calls.is_empty()
    }
}
