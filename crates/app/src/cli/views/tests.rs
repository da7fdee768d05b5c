//! The shapes are exactly the ones that the manual shows.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use switchboard_domain::{
    AgentSessionId, ApprovalRequest, Cost, Delivery, MessageBody, MessageId, NewSession, ProjectId, QueuedMessageId,
    RequestId, Role, Seq, SessionId, SessionStatus, Timestamp, ToolCall, ToolCallId, Usage,
};

use super::*;
use crate::config::{ApprovePolicy, Config};
use crate::documents;

#[track_caller]
fn check(shape: &str, view: &impl Serialize) {
    assert_eq!(serde_json::to_value(view).expect("serializes"), documents::shape(shape));
}

fn time(millis_after_five: i64) -> Timestamp {
    Timestamp::from_micros(1_795_453_200_000_000 + millis_after_five * 1_000)
}

fn session_id() -> SessionId {
    "01920000-0000-7000-8000-0000099a8057".parse().expect("an id")
}

fn project() -> Project {
    let id: ProjectId = "01920000-0000-7000-8000-000000000001".parse().expect("an id");
    Project { id, path: "/code/site".into(), name: "site".into(), created_at: time(0), deleted_at: None }
}

fn queued() -> QueuedMessage {
    let id: QueuedMessageId = "01920000-0000-7000-8000-000000003f2a".parse().expect("an id");
    let (content, created_at) = ("run the linter".to_owned(), time(2_000));
    QueuedMessage { id, session_id: session_id(), content, created_at, delivery: Delivery::Waiting }
}

fn stored() -> StoredSession {
    let new = NewSession {
        id: session_id(),
        project_id: project().id,
        agent: "builtin".into(),
        prompt: "fix the build".into(),
        title: None,
        model: None,
    };
    let mut session = Session::create(new, time(0));
    session.agent_session_id = Some(AgentSessionId::new("conversation-1"));
    session.turn_started_at = Some(time(100));
    session.elapsed = Duration::from_millis(4_200);
    session.cost = Cost::from_micro_usd(4_200);
    session.set_status(SessionStatus::Completed, time(4_300));
    StoredSession { session, last_seq: Seq::new(2), draft: Draft::default() }
}

fn message() -> Message {
    let call = ToolCall {
        id: Some(ToolCallId::new("t1")),
        name: "Bash".into(),
        input: json!({"command": "make"}),
        output: Some(json!("ok")),
        is_error: false,
    };
    let usage = Usage { input_tokens: 100, output_tokens: 20, ..Usage::default() };
    let id: MessageId = "01920000-0000-7000-8000-000000000010".parse().expect("an id");
    Message {
        id,
        session_id: session_id(),
        seq: Seq::new(2),
        body: MessageBody {
            thinking: Some("Let me look.".into()),
            tool_calls: vec![call],
            usage: Some(usage),
            ..MessageBody::text(Role::Assistant, "Done.")
        },
        created_at: time(4_000),
    }
}

fn catalog() -> Catalog {
    Catalog::of([project()], [stored()], [queued()])
}

#[test]
fn a_session_is_as_documented() {
    let catalog = catalog();
    check("session", &SessionView::new(&catalog.sessions()[0], &catalog));
}

#[test]
fn a_transcript_is_as_documented() {
    let catalog = catalog();
    let messages = [Arc::new(message())];
    let view = TranscriptView::new(&catalog.sessions()[0], &messages, &catalog);
    let view = serde_json::to_value(view).expect("serializes");
    assert_eq!(view["session"], documents::shape("session"));
    assert_eq!(view["messages"], json!([documents::shape("message")]));
    assert_eq!(view["draft"], Value::Null);
    assert_eq!(view["queue"][0]["content"], "run the linter");
    assert_eq!(view["approvals"], json!([]));
}

#[test]
fn a_queued_message_is_as_documented() {
    check("queued", &QueuedView::new(&queued()));
}

#[test]
fn a_hit_is_as_documented() {
    let catalog = catalog();
    let hit = SearchHit {
        session_id: session_id(),
        message_id: message().id,
        seq: Seq::new(2),
        role: Role::Assistant,
        snippet: "… the [build] is …".into(),
        created_at: time(4_000),
    };
    check("hit", &HitView::new(&hit, &catalog));
}

#[test]
fn a_question_is_as_documented() {
    let request = ApprovalRequest {
        request_id: RequestId::new("apr_1"),
        tool_name: "Bash".into(),
        input: json!({"command": "make"}),
        suggestions: None,
    };
    let approval = Approval::new(session_id(), request, time(3_000));
    check("approval", &ApprovalView::new(crate::cli::approve::handle(&approval), &approval, "fix the build"));
}

#[test]
fn a_project_is_as_documented() {
    check("project", &ProjectView::new(&project(), 3));
}

#[test]
fn an_agent_is_as_documented() {
    let text = "[defaults]\napprove = \"ask\"\n\n# mine\n\n[agents.mine]\nprotocol = \"exec\"\ncommand = [\"my-agent\", \"--print\"]";
    let config = Config::parse(text, Path::new("/code/config.toml"), &|_| None).expect("sound");
    assert_eq!(config.defaults.approve.value, ApprovePolicy::Ask);
    let views = crate::cli::agents::survey(&config, std::ffi::OsStr::new(""));
    let mut mine = views.into_iter().find(|view| view.name == "mine").expect("it is listed");
    assert_eq!((mine.program, mine.state), (None, State::NotFound), "it is not installed");
    mine.state = State::Installed;
    mine.program = Some(PathBuf::from("/usr/local/bin/my-agent"));
    check("agent", &mine);
}
