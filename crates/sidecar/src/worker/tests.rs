//! A worker over streams in memory.

use std::io::{PipeReader, PipeWriter, pipe};

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const SESSION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A worker, and Switchboard's ends of its streams.
fn worker() -> (Worker, PipeWriter, PipeReader) {
    let (input, to_worker) = pipe().expect("a pipe");
    let (from_worker, output) = pipe().expect("a pipe");
    (Worker::over(input, output), to_worker, from_worker)
}

fn tell(to_worker: &mut PipeWriter, mut message: Value) {
    message["sessionId"] = json!(SESSION);
    writeln!(to_worker, "{message}").expect("the worker listens");
}

fn start(to_worker: &mut PipeWriter) {
    tell(to_worker, json!({"type": "start_session", "projectPath": "/p", "prompt": "one", "resumeSessionId": "old"}));
}

fn said(worker: Worker, mut from_worker: PipeReader) -> Vec<String> {
    drop(worker);
    let mut text = String::new();
    from_worker.read_to_string(&mut text).expect("text");
    let types = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["type"].clone());
    types.map(|kind| kind.as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn prompts_come_one_by_one_until_the_end() {
    let (mut worker, mut to_worker, from_worker) = worker();
    start(&mut to_worker);
    tell(&mut to_worker, json!({"type": "what_is_this"}));
    tell(&mut to_worker, json!({"type": "send_message", "message": "two"}));
    tell(&mut to_worker, json!({"type": "end_session"}));
    let mut prompts = Vec::new();
    while let Some(mut turn) = worker.next_turn().await {
        prompts.push(turn.prompt().to_owned());
        assert_eq!(turn.beginning().resume, Some(AgentSessionId::new("old")));
        turn.started(None).expect("heard");
        turn.completed(None, None).expect("heard");
    }
    assert_eq!(prompts, ["one", "two"], "what was asked before the end is still answered");
    let turn = ["session_started", "session_completed"];
    assert_eq!(said(worker, from_worker), [turn, turn].concat());
}

#[rstest]
#[case::yes(true)]
#[case::no(false)]
#[tokio::test]
async fn a_question_waits_for_its_own_answer(#[case] allowed: bool) {
    let (mut worker, mut to_worker, from_worker) = worker();
    start(&mut to_worker);
    tell(&mut to_worker, json!({"type": "tool_approval_response", "requestId": "apr_7", "allowed": !allowed}));
    tell(&mut to_worker, json!({"type": "tool_approval_response", "requestId": "apr_1", "allowed": allowed}));
    let mut turn = worker.next_turn().await.expect("a turn");
    assert_eq!(turn.ask("Bash", json!({})).await.expect("answered").is_allow(), allowed);
    assert_eq!(said(worker, from_worker), ["tool_approval_request"]);
}

#[tokio::test]
async fn an_abort_interrupts_whatever_is_going_on_and_spares_the_next_turn() {
    let (mut worker, mut to_worker, from_worker) = worker();
    start(&mut to_worker);
    {
        let mut turn = worker.next_turn().await.expect("a turn");
        tell(&mut to_worker, json!({"type": "abort_session"}));
        assert!(matches!(turn.ask("Bash", json!({})).await, Err(Interrupted::Aborted)));
        assert!(matches!(turn.text("more"), Err(Interrupted::Aborted)));
        turn.failed("aborted").expect("the end of a turn is always heard");
    }
    tell(&mut to_worker, json!({"type": "send_message", "message": "two"}));
    let mut turn = worker.next_turn().await.expect("a turn");
    turn.text("fine").expect("heard");
    assert_eq!(said(worker, from_worker), ["tool_approval_request", "session_failed", "content_delta"]);
}

#[tokio::test]
async fn an_abort_ends_a_long_pause_at_once() {
    let (mut worker, mut to_worker, _from_worker) = worker();
    start(&mut to_worker);
    let mut turn = worker.next_turn().await.expect("a turn");
    tell(&mut to_worker, json!({"type": "abort_session"}));
    let hours = std::time::Duration::from_hours(5);
    assert!(matches!(turn.pause(hours).await, Err(Interrupted::Aborted)));
}

#[tokio::test]
async fn the_end_of_input_ends_the_turn_and_the_worker() {
    let (mut worker, mut to_worker, _from_worker) = worker();
    start(&mut to_worker);
    let mut turn = worker.next_turn().await.expect("a turn");
    drop(to_worker);
    assert!(matches!(turn.ask("Bash", json!({})).await, Err(Interrupted::Closed)));
    assert!(worker.next_turn().await.is_none());
}

#[tokio::test]
async fn a_switchboard_that_is_gone_is_noticed() {
    let (mut worker, mut to_worker, from_worker) = worker();
    start(&mut to_worker);
    let mut turn = worker.next_turn().await.expect("a turn");
    drop(from_worker);
    assert!(matches!(turn.text("anybody?"), Err(Interrupted::Write(_))));
}
