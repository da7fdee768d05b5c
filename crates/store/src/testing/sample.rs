//! Rows that are the same in each run. Each function takes numbers that choose identity and time.

use std::path::PathBuf;

use serde_json::json;
use switchboard_domain::{
    Approval, ApprovalRequest, Delivery, Message, MessageBody, MessageId, NewSession, Project, ProjectId,
    QueuedMessage, QueuedMessageId, RequestId, Role, Seq, Session, SessionId, Timestamp,
};
use uuid::Uuid;

/// A moment that is later for a larger number, with microseconds that are not all zero.
pub fn moment(number: u64) -> Timestamp {
    let number = i64::try_from(number).unwrap_or(i64::MAX / 2);
    Timestamp::from_micros(1_800_000_000_123_457_i64.saturating_add(number.saturating_mul(1_000_003)))
}

/// The id of project `number`.
pub fn project_id(number: u32) -> ProjectId {
    ProjectId::new(uuid(1, number, 0))
}

/// The id of session `number`.
pub fn session_id(number: u32) -> SessionId {
    SessionId::new(uuid(2, number, 0))
}

/// Project `number`, in a folder of its own.
pub fn project(number: u32) -> Project {
    Project {
        id: project_id(number),
        path: PathBuf::from(format!("/code/project-{number}")),
        name: format!("project {number}"),
        created_at: moment(u64::from(number)),
        deleted_at: None,
    }
}

/// Session `number` of project `project`; running.
pub fn session(number: u32, project: u32) -> Session {
    let new = NewSession {
        id: session_id(number),
        project_id: project_id(project),
        agent: "builtin".into(),
        prompt: format!("do task {number}"),
        title: None,
        model: None,
    };
    Session::create(new, moment(u64::from(number)))
}

/// The message at place `seq` of session `session`, saying which one it is.
pub fn message(session: u32, seq: u32) -> Message {
    text(session, seq, &format!("message {seq} of session {session}"))
}

/// The message at place `seq` of session `session`, saying `content`.
pub fn text(session: u32, seq: u32, content: &str) -> Message {
    Message {
        id: MessageId::new(uuid(3, session, seq)),
        session_id: session_id(session),
        seq: Seq::new(u64::from(seq)),
        body: MessageBody::text(Role::Assistant, content),
        created_at: moment(u64::from(seq)),
    }
}

/// A pending approval of session `session`, asked for at `number`.
pub fn approval(session: u32, request: &str, number: u64) -> Approval {
    let request = ApprovalRequest {
        request_id: RequestId::new(request),
        tool_name: "Bash".into(),
        input: json!({ "command": "ls", "of": session }),
        suggestions: None,
    };
    Approval::new(session_id(session), request, moment(number))
}

/// The queued message `number` of session `session`; a larger number is further back in the queue.
pub fn queued(session: u32, number: u32) -> QueuedMessage {
    QueuedMessage {
        id: QueuedMessageId::new(uuid(4, number, session)),
        session_id: session_id(session),
        content: format!("and then {number}"),
        created_at: moment(u64::from(number)),
        delivery: Delivery::Waiting,
    }
}

/// A UUID of version 7 whose order is that of the arguments.
fn uuid(kind: u8, major: u32, minor: u32) -> Uuid {
    let time = (u128::from(kind) << 120) | (u128::from(major) << 80);
    Uuid::from_u128(time | (0x7 << 76) | (0b10 << 62) | u128::from(minor))
}
