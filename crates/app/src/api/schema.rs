//! What the domain's types look like on the wire, for the API's own description of itself.
//!
//! Nothing is made of these: the domain knows no HTTP, so its types are described here, and a test
//! holds that the descriptions fit.
#![allow(dead_code, reason = "only described, never made")]

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a session stands.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStatus {
    Running,
    Completed,
    Failed,
    Aborted,
    Interrupted,
}

/// A folder that agents work in.
#[derive(ToSchema, Serialize)]
pub(crate) struct Project {
    id: Uuid,
    /// The absolute path of the folder.
    path: String,
    name: String,
    created_at: DateTime<Utc>,
    /// When it was removed; its sessions keep their history.
    deleted_at: Option<DateTime<Utc>>,
}

/// One conversation with one agent in one project.
#[derive(ToSchema, Serialize)]
pub(crate) struct Session {
    /// A UUID of version 7: ids order by creation.
    id: Uuid,
    project_id: Uuid,
    agent: String,
    /// The first prompt.
    prompt: String,
    title: String,
    model: Option<String>,
    /// The agent's own id of the conversation.
    agent_session_id: Option<String>,
    created_at: DateTime<Utc>,
    turn_started_at: Option<DateTime<Utc>>,
    /// Milliseconds worked, over all finished turns.
    elapsed_ms: u64,
    /// US dollars, as the agent reports them.
    cost: f64,
    /// Tokens, over all its messages.
    usage: Usage,
    error: Option<String>,
    /// The process that serves it, while one does.
    worker: Option<WorkerProcess>,
    status: SessionStatus,
    /// Set exactly when it is not running.
    ended_at: Option<DateTime<Utc>>,
}

#[derive(ToSchema, Serialize)]
pub(crate) struct WorkerProcess {
    pid: u32,
    /// When it started, in the operating system's own unit.
    started: u64,
}

/// Who speaks.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Assistant,
    System,
}

/// An entry of a transcript.
#[derive(ToSchema, Serialize)]
pub(crate) struct Message {
    id: Uuid,
    session_id: Uuid,
    /// Its place in the session: 1, 2, 3 … without gaps.
    seq: u64,
    role: Role,
    /// Markdown; empty when the agent only thought or called tools.
    content: String,
    #[schema(nullable = false)]
    thinking: Option<String>,
    #[schema(nullable = false)]
    tool_calls: Option<Vec<ToolCall>>,
    #[schema(nullable = false)]
    usage: Option<Usage>,
    created_at: DateTime<Utc>,
}

/// One use of a tool.
#[derive(ToSchema, Serialize)]
pub(crate) struct ToolCall {
    #[schema(nullable = false)]
    id: Option<String>,
    name: String,
    input: Value,
    /// Not there while it runs.
    output: Option<Value>,
    /// There, and true, when the agent says that the tool failed.
    #[schema(nullable = false)]
    is_error: Option<bool>,
}

/// Tokens.
#[allow(clippy::struct_field_names, reason = "as on the wire")]
#[derive(ToSchema, Serialize)]
pub(crate) struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
}

/// A tool call that waits for a yes or no, or did.
#[derive(ToSchema, Serialize)]
pub(crate) struct Approval {
    session_id: Uuid,
    /// The agent's name for it; unique only within its session.
    request_id: String,
    tool_name: String,
    input: Value,
    /// Rules the agent offers to remember, in its own format.
    suggestions: Option<Value>,
    requested_at: DateTime<Utc>,
    state: ApprovalStatus,
    /// The answer, when it is `answered`.
    #[schema(nullable = false)]
    answer: Option<Answer>,
    /// When it was settled.
    #[schema(nullable = false)]
    at: Option<DateTime<Utc>>,
}

#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovalStatus {
    Pending,
    Answered,
    Cancelled,
    Expired,
}

#[derive(ToSchema, Serialize)]
pub(crate) struct Answer {
    decision: crate::api::wire::Decision,
    updated_permissions: Option<Value>,
}

/// A message that waits for the agent's next turn.
#[derive(ToSchema, Serialize)]
pub(crate) struct QueuedMessage {
    id: Uuid,
    session_id: Uuid,
    content: String,
    created_at: DateTime<Utc>,
    delivery: Delivery,
}

/// How far a queued message got; `unknown` when the app died while it was handed over.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    Waiting,
    Sending,
    Unknown,
}

/// A message that was found.
#[derive(ToSchema, Serialize)]
pub(crate) struct SearchHit {
    session_id: Uuid,
    message_id: Uuid,
    seq: u64,
    role: Role,
    /// The text around the first hit, with the found words between `[` and `]`.
    snippet: String,
    created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;
    use switchboard_domain::{AgentSessionId, ApprovalState, Timestamp, ToolCallId};
    use switchboard_store::testing::sample;

    use super::*;

    fn message() -> Value {
        let mut message = sample::message(1, 1);
        let call = switchboard_domain::ToolCall {
            id: Some(ToolCallId::new("t1")),
            name: "Bash".into(),
            input: json!({}),
            output: Some(json!("done")),
            is_error: true,
        };
        message.body.thinking = Some("hm".into());
        message.body.tool_calls = vec![call];
        message.body.usage = Some(switchboard_domain::Usage::default());
        json!(Arc::new(message))
    }

    fn approval() -> Value {
        let mut approval = sample::approval(1, "apr_1", 1);
        approval.request.suggestions = Some(json!([]));
        let answer = switchboard_domain::Answer::Allow { updated_permissions: Some(json!([])) };
        approval.state = ApprovalState::Answered { answer, at: Timestamp::from_micros(1) };
        json!(approval)
    }

    fn session() -> Value {
        let mut session = sample::session(1, 1);
        session.agent_session_id = Some(AgentSessionId::new("a"));
        session.worker = Some(switchboard_domain::WorkerProcess { pid: 1, started: 2 });
        json!(session)
    }

    fn hit() -> Value {
        let message = sample::message(1, 1);
        json!(switchboard_store::SearchHit {
            session_id: message.session_id,
            message_id: message.id,
            seq: message.seq,
            role: message.body.role,
            snippet: "[x]".into(),
            created_at: message.created_at,
        })
    }

    /// An example with every field there can be has exactly the fields that are described.
    #[rstest]
    #[case("Project", json!(sample::project(1)))]
    #[case("Session", session())]
    #[case("WorkerProcess", session()["worker"].clone())]
    #[case("Message", message())]
    #[case("ToolCall", message()["tool_calls"][0].clone())]
    #[case("Usage", message()["usage"].clone())]
    #[case("Approval", approval())]
    #[case("Answer", approval()["answer"].clone())]
    #[case("QueuedMessage", json!(sample::queued(1, 1)))]
    #[case("SearchHit", hit())]
    fn what_is_described_is_what_is_sent(#[case] name: &str, #[case] example: Value) {
        let document = serde_json::to_value(crate::api::document()).expect("JSON");
        let described = document["components"]["schemas"][name]["properties"].as_object().expect("an object");
        let mut described: Vec<_> = described.keys().collect();
        let mut sent: Vec<_> = example.as_object().expect("an object").keys().collect();
        described.sort();
        sent.sort();
        assert_eq!(described, sent);
    }
}
