//! What a worker says.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::{
    AgentEvent, AgentSessionId, ApprovalRequest, Cost, MessageBody, RateLimit, RateLimitStatus, RequestId, Role,
    SessionId, Timestamp, ToolCall, ToolCallId, ToolResult, Usage,
};

use super::lenient::{lenient, moment, rate_limit_status, text};

/// The names of all messages of [`Outgoing`].
pub(crate) const OUTGOING_NAMES: [&str; 12] = [
    "session_started",
    "message",
    "tool_use",
    "tool_result",
    "tool_approval_request",
    "content_delta",
    "thinking_delta",
    "tool_progress",
    "session_completed",
    "session_failed",
    "error",
    "rate_limit_status",
];

/// What a worker writes on its standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Outgoing {
    /// A turn began.
    SessionStarted {
        /// The session.
        session_id: SessionId,
        /// The worker's own name for the conversation, with which it can resume it.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        sdk_session_id: Option<AgentSessionId>,
    },
    /// A finished message.
    Message {
        /// The session.
        session_id: SessionId,
        /// Who speaks.
        role: Role,
        /// The text, as Markdown.
        #[serde(default, deserialize_with = "text")]
        content: String,
        /// What was thought before.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        thinking: Option<String>,
        /// Tools called in this message.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<WireToolCall>,
        /// Tokens it cost.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        usage: Option<WireUsage>,
    },
    /// A tool is being called.
    ToolUse {
        /// The session.
        session_id: SessionId,
        /// The tool.
        tool_name: String,
        /// What it is given.
        #[serde(default)]
        input: Value,
        /// The worker's name for the call.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        tool_use_id: Option<ToolCallId>,
    },
    /// A tool has answered.
    ToolResult {
        /// The session.
        session_id: SessionId,
        /// The tool.
        #[serde(default)]
        tool_name: String,
        /// What came of it.
        #[serde(default)]
        output: Value,
        /// The worker's name for the call.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        tool_use_id: Option<ToolCallId>,
    },
    /// The worker wants to use a tool and waits for an [`Incoming::ToolApprovalResponse`](super::Incoming).
    ToolApprovalRequest {
        /// The session.
        session_id: SessionId,
        /// The worker's name for the request, unique in this session.
        request_id: RequestId,
        /// The tool.
        tool_name: String,
        /// What it would be given.
        #[serde(default)]
        input: Value,
        /// Rules that could be remembered, in the worker's own format.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggestions: Option<Value>,
    },
    /// A piece of the text of the message under way.
    ContentDelta {
        /// The session.
        session_id: SessionId,
        /// The piece.
        delta: String,
    },
    /// A piece of the thinking of the message under way.
    ThinkingDelta {
        /// The session.
        session_id: SessionId,
        /// The piece.
        delta: String,
    },
    /// A tool is still running.
    ToolProgress {
        /// The session.
        session_id: SessionId,
        /// The tool.
        tool_name: String,
        /// For how long.
        elapsed_seconds: f64,
    },
    /// The turn ended well; the worker waits for the next.
    SessionCompleted {
        /// The session.
        session_id: SessionId,
        /// The worker's own name for the conversation.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        sdk_session_id: Option<AgentSessionId>,
        /// Money spent since the process started, all turns together.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        total_cost_usd: Option<Cost>,
        /// How long the turn took, by the worker's clock.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        duration_ms: Option<u64>,
    },
    /// The turn failed.
    SessionFailed {
        /// The session.
        session_id: SessionId,
        /// Why.
        #[serde(default, deserialize_with = "text")]
        error: String,
    },
    /// Something went wrong that does not end the turn.
    Error {
        /// What.
        #[serde(default, deserialize_with = "text")]
        message: String,
    },
    /// What the account may still do.
    RateLimitStatus {
        /// The session.
        session_id: SessionId,
        /// Whether it may go on.
        #[serde(deserialize_with = "rate_limit_status")]
        status: RateLimitStatus,
        /// When the limit resets: RFC 3339; seconds or milliseconds since the epoch are read too.
        #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
        resets_at: Option<Timestamp>,
        /// Which limit.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        rate_limit_type: Option<String>,
    },
}

impl Outgoing {
    /// The session it is about; `None` when it is about the worker as a whole.
    pub const fn session_id(&self) -> Option<SessionId> {
        match self {
            Self::SessionStarted { session_id, .. }
            | Self::Message { session_id, .. }
            | Self::ToolUse { session_id, .. }
            | Self::ToolResult { session_id, .. }
            | Self::ToolApprovalRequest { session_id, .. }
            | Self::ContentDelta { session_id, .. }
            | Self::ThinkingDelta { session_id, .. }
            | Self::ToolProgress { session_id, .. }
            | Self::SessionCompleted { session_id, .. }
            | Self::SessionFailed { session_id, .. }
            | Self::RateLimitStatus { session_id, .. } => Some(*session_id),
            Self::Error { .. } => None,
        }
    }

    /// What it means, whatever the session.
    pub fn into_event(self) -> AgentEvent {
        match self {
            Self::SessionStarted { sdk_session_id, .. } => {
                AgentEvent::SessionStarted { agent_session_id: sdk_session_id }
            }
            Self::Message { role, content, thinking, tool_calls, usage, .. } => AgentEvent::Message(MessageBody {
                role,
                content,
                thinking,
                tool_calls: tool_calls.into_iter().map(Into::into).collect(),
                usage: usage.map(Into::into),
            }),
            Self::ToolUse { tool_name, input, tool_use_id, .. } => {
                AgentEvent::ToolUse(ToolCall { id: tool_use_id, name: tool_name, input, output: None, is_error: false })
            }
            Self::ToolResult { tool_name, output, tool_use_id, .. } => {
                AgentEvent::ToolResult(ToolResult { id: tool_use_id, name: tool_name, output, is_error: false })
            }
            Self::ToolApprovalRequest { request_id, tool_name, input, suggestions, .. } => {
                AgentEvent::ApprovalRequested(ApprovalRequest { request_id, tool_name, input, suggestions })
            }
            Self::ContentDelta { delta, .. } => AgentEvent::ContentDelta { text: delta },
            Self::ThinkingDelta { delta, .. } => AgentEvent::ThinkingDelta { text: delta },
            Self::ToolProgress { tool_name, elapsed_seconds, .. } => {
                let elapsed = Duration::try_from_secs_f64(elapsed_seconds).unwrap_or_default();
                AgentEvent::ToolProgress { tool_name, elapsed }
            }
            Self::SessionCompleted { sdk_session_id, total_cost_usd, .. } => {
                AgentEvent::Completed { agent_session_id: sdk_session_id, total_cost: total_cost_usd }
            }
            Self::SessionFailed { error, .. } => AgentEvent::Failed { error },
            Self::Error { message } => AgentEvent::Warning { message },
            Self::RateLimitStatus { status, resets_at, rate_limit_type, .. } => {
                AgentEvent::RateLimit(RateLimit { status, resets_at, kind: rate_limit_type })
            }
        }
    }
}

/// A tool call inside a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireToolCall {
    /// The worker's name for the call.
    #[serde(
        default,
        rename = "toolUseId",
        alias = "id",
        deserialize_with = "lenient",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<ToolCallId>,
    /// The tool.
    #[serde(alias = "toolName")]
    pub name: String,
    /// What it was given.
    #[serde(default)]
    pub input: Value,
    /// What came of it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

impl From<WireToolCall> for ToolCall {
    fn from(call: WireToolCall) -> Self {
        Self { id: call.id, name: call.name, input: call.input, output: call.output, is_error: false }
    }
}

/// Tokens a message cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireUsage {
    /// Tokens read by the model, cached ones not counted.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// Input tokens served from the provider's cache.
    #[serde(alias = "cacheReadInputTokens", skip_serializing_if = "is_zero")]
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's cache.
    #[serde(alias = "cacheCreationInputTokens", skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn read(mut line: Value) -> Result<AgentEvent, String> {
        line["sessionId"] = json!(uuid::Uuid::nil());
        serde_json::from_str::<Outgoing>(&line.to_string()).map(Outgoing::into_event).map_err(|e| e.to_string())
    }

    #[rstest]
    #[case::absurd_cost(json!({"type": "session_completed", "totalCostUsd": "much", "sdkSessionId": 7}),
        AgentEvent::Completed { agent_session_id: None, total_cost: None })]
    #[case::error_object(json!({"type": "session_failed", "error": {"code": 500}}),
        AgentEvent::Failed { error: "{\"code\":500}".into() })]
    #[case::bare_failure(json!({"type": "session_failed"}), AgentEvent::Failed { error: String::new() })]
    #[case::endless_progress(json!({"type": "tool_progress", "toolName": "Bash", "elapsedSeconds": -1}),
        AgentEvent::ToolProgress { tool_name: "Bash".into(), elapsed: Duration::ZERO })]
    fn a_sloppy_field_costs_no_message(#[case] line: Value, #[case] event: AgentEvent) {
        assert_eq!(read(line), Ok(event));
    }

    #[rstest]
    #[case::seconds(json!(1_700_000_000), Some(1_700_000_000_000_000))]
    #[case::milliseconds(json!(1_700_000_000_123_i64), Some(1_700_000_000_123_000))]
    #[case::text(json!("2023-11-14T22:13:20Z"), Some(1_700_000_000_000_000))]
    #[case::nonsense(json!({}), None)]
    #[case::before_time(json!(-1), None)]
    fn a_reset_is_read_in_every_usual_form(#[case] resets_at: Value, #[case] micros: Option<i64>) {
        let line = json!({"type": "rate_limit_status", "status": "allowed_warning", "resetsAt": resets_at});
        let expected =
            RateLimit { status: RateLimitStatus::Warning, resets_at: micros.map(Timestamp::from_micros), kind: None };
        assert_eq!(read(line), Ok(AgentEvent::RateLimit(expected)));
    }

    #[test]
    fn every_name_is_known_as_one() {
        for name in OUTGOING_NAMES {
            let refusal = serde_json::from_value::<Outgoing>(json!({"type": name})).err().map(|e| e.to_string());
            assert!(refusal.is_none_or(|text| text.contains("missing field")), "{name} is no message");
        }
        let unknown =
            serde_json::from_value::<Outgoing>(json!({"type": "?"})).expect_err("no such message").to_string();
        let known = unknown.matches('`').count() / 2 - 1;
        assert_eq!(known, OUTGOING_NAMES.len(), "{unknown}");
    }
}
