//! What the native adapter writes.

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rstest::rstest;
use serde_json::json;
use switchboard_domain::{AgentSessionId, Answer, Cost, RequestId, StartSession};

use super::*;

fn session_id() -> SessionId {
    SessionId::new(uuid::Uuid::nil())
}

fn start(project_path: impl Into<PathBuf>) -> AgentCommand {
    AgentCommand::Start(StartSession {
        session_id: session_id(),
        project_path: project_path.into(),
        prompt: "two\nlines".into(),
        model: None,
        max_budget: Some(Cost::from_micro_usd(500_000)),
        resume: Some(AgentSessionId::new("sdk-1")),
    })
}

fn written(out: &Output) -> Vec<Value> {
    let lines = out.writes.iter().map(|write| write.bytes.strip_suffix(b"\n").expect("a whole line"));
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn answer(answer: Answer) -> AgentCommand {
    AgentCommand::AnswerApproval { request_id: RequestId::new("apr_1"), answer }
}

#[rstest]
#[case::start(start("/p"), json!({"type": "start_session", "sessionId": session_id(), "projectPath": "/p",
    "prompt": "two\nlines", "maxBudgetUsd": 0.5, "resumeSessionId": "sdk-1"}))]
#[case::message(AgentCommand::SendMessage { text: "hi".into() },
    json!({"type": "send_message", "sessionId": session_id(), "message": "hi"}))]
#[case::yes(answer(Answer::ALLOW), json!({"type": "tool_approval_response", "requestId": "apr_1", "allowed": true}))]
#[case::yes_for_good(answer(Answer::Allow { updated_permissions: Some(json!([1])) }),
    json!({"type": "tool_approval_response", "requestId": "apr_1", "allowed": true, "updatedPermissions": [1]}))]
#[case::no(answer(Answer::Deny), json!({"type": "tool_approval_response", "requestId": "apr_1", "allowed": false}))]
#[case::abort(AgentCommand::Abort, json!({"type": "abort_session", "sessionId": session_id()}))]
#[case::end(AgentCommand::End, json!({"type": "end_session", "sessionId": session_id()}))]
fn a_command_is_one_line(#[case] command: AgentCommand, #[case] line: Value) {
    let ends = command == AgentCommand::End;
    let mut out = Output::default();
    Native::new(session_id()).command(Ticket(1), command, &mut out);
    assert_eq!(written(&out), [line]);
    assert_eq!(out.writes[0].delivers, Some(Ticket(1)));
    assert_eq!(out.close_input, ends);
}

#[test]
fn a_path_that_json_cannot_hold_is_refused_and_not_sent() {
    let path = std::ffi::OsString::from_vec(vec![b'/', 0xFF]);
    let mut out = Output::default();
    Native::new(session_id()).command(Ticket(1), start(path), &mut out);
    assert!(out.writes.is_empty());
    assert_eq!(out.refusals.len(), 1);
}

#[rstest]
#[case::idle(&[], &["end_session"])]
#[case::in_a_turn(&["start"], &["abort_session", "end_session"])]
#[case::after_a_turn(&["start", "completed"], &["end_session"])]
fn stopping_aborts_only_a_turn_under_way(#[case] before: &[&str], #[case] said: &[&str]) {
    let mut native = Native::new(session_id());
    for step in before {
        let mut out = Output::default();
        match *step {
            "start" => native.command(Ticket(1), start("/p"), &mut out),
            _ => native.read(&json!({"type": "session_completed", "sessionId": session_id()}).to_string(), &mut out),
        }
    }
    let mut out = Output::default();
    native.stop(&mut out);
    let types: Vec<_> = written(&out).iter().map(|line| line["type"].as_str().unwrap_or("").to_owned()).collect();
    assert_eq!(types, said);
    assert!(out.close_input);
}
