//! What a sidecar says.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::timestamp::duration_ms;
use crate::{AgentSessionId, ApprovalRequest, Cost, MessageBody, RateLimit, RequestId, ToolCall, ToolResult};

/// What an agent says, the same for every protocol. Carries no session id: the line it came on is the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum AgentEvent {
    /// A turn began. Some agents say so once, some on every turn.
    SessionStarted {
        /// The agent's own id of the conversation, if it has one.
        agent_session_id: Option<AgentSessionId>,
    },
    /// A finished message.
    Message(MessageBody),
    /// A piece of the text of the message under way.
    ContentDelta {
        /// The piece.
        text: String,
    },
    /// A piece of the thinking of the message under way.
    ThinkingDelta {
        /// The piece.
        text: String,
    },
    /// A tool is being called.
    ToolUse(ToolCall),
    /// A tool has answered.
    ToolResult(ToolResult),
    /// A tool is still running.
    ToolProgress {
        /// The tool.
        tool_name: String,
        /// How long it has been running.
        #[serde(rename = "elapsed_ms", with = "duration_ms")]
        elapsed: Duration,
    },
    /// The agent wants to use a tool and waits for a yes or no.
    ApprovalRequested(ApprovalRequest),
    /// The agent no longer waits for this answer.
    ApprovalWithdrawn {
        /// The request.
        request_id: RequestId,
    },
    /// What the agent's account may still do.
    RateLimit(RateLimit),
    /// What the agent has cost so far, told apart from the end of a turn.
    Spent {
        /// Money spent since this *process* started, all its turns together.
        total_cost: Cost,
    },
    /// The turn ended well.
    Completed {
        /// The agent's own id of the conversation, if it has one.
        agent_session_id: Option<AgentSessionId>,
        /// Money spent since this *process* started, all its turns together.
        total_cost: Option<Cost>,
    },
    /// The turn, or the agent, failed.
    Failed {
        /// Why, in words for a person.
        error: String,
    },
    /// Something went wrong that does not end the turn.
    Warning {
        /// What, in words for a person.
        message: String,
    },
    /// Something the adapter does not know, kept as it came.
    Unknown {
        /// The agent's name for it.
        kind: String,
        /// All of it.
        raw: Value,
    },
}
