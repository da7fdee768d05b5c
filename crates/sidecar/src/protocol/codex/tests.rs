//! Recorded conversations with Codex, and what no recording shows.

use std::cell::Cell;

use rstest::rstest;
use serde_json::{Value, json};
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Answer, MessageBody, RequestId, Role};

use crate::ExitStatus;
use crate::ProtocolKind;
use crate::protocol::transcript::{Play, outputs, start};

const TURNS: &str = include_str!("../../../tests/testdata/codex-app-server.jsonl");
const RESUMED: &str = include_str!("../../../tests/testdata/codex-app-server-resume.jsonl");

/// The thread that the recorded sessions are about.
const THREAD: &str = "01a205e9-7ce3-72c3-8cca-e4579b598bd7";

/// The recorded client numbers its requests on across processes; every process of ours begins at 1.
fn renumbered(transcript: &str) -> String {
    let first = transcript.lines().find_map(|line| {
        let record: Value = serde_json::from_str(line).ok()?;
        record["in"]["id"].as_u64()
    });
    let before = first.map_or(0, |first| first - 1);
    let lines = transcript.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).expect("a record");
        if record["out"].get("method").is_none()
            && let Some(id) = record["out"]["id"].as_u64()
        {
            record["out"]["id"] = json!(id - before);
        }
        record.to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn first_prompt(transcript: &str) -> String {
    let mut inputs = transcript.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    inputs.find_map(|record| prompt(&record["in"])).expect("a recorded prompt")
}

fn prompt(line: &Value) -> Option<String> {
    let is_ours = line["method"] == "turn/start" && line["params"]["threadId"] == THREAD;
    is_ours.then(|| line["params"]["input"][0]["text"].as_str().map(str::to_owned))?
}

/// Plays a recording. The first turn is part of the start, which the adapter leads by itself.
fn recorded(transcript: &str, resume: Option<&str>) -> String {
    let begun = Cell::new(false);
    let first = first_prompt(transcript);
    let told = |line: &Value| match line["method"].as_str() {
        Some("initialize") => Some(start(&first, resume)),
        Some("turn/start") => {
            prompt(line).filter(|_| begun.replace(true)).map(|text| AgentCommand::SendMessage { text })
        }
        Some("turn/interrupt") => Some(AgentCommand::Abort),
        Some(_) => None,
        None => Some(AgentCommand::AnswerApproval {
            request_id: RequestId::new(line["id"].to_string()),
            answer: if line["result"]["decision"] == "accept" { Answer::ALLOW } else { Answer::Deny },
        }),
    };
    Play::new(ProtocolKind::Codex, resume).transcript(&renumbered(transcript), told).story().to_owned()
}

#[test]
fn the_recorded_turns_are_understood() {
    insta::assert_snapshot!(recorded(TURNS, None));
}

#[test]
fn the_recorded_resumption_is_understood() {
    insta::assert_snapshot!(recorded(RESUMED, Some(THREAD)));
}

/// A fresh process.
fn codex() -> Play {
    Play::new(ProtocolKind::Codex, None)
}

/// One whose conversation is open and whose first turn is under way.
fn in_a_turn() -> Play {
    let mut play = codex();
    play.tell(start("go", None));
    play.hear(&json!({"id": 1, "result": {}}));
    play.hear(&json!({"id": 2, "result": {"thread": {"id": "t"}}}));
    play.hear(&json!({"id": 3, "result": {"turn": {"id": "u"}}}));
    play.hear(&turn_started());
    play.forget();
    play
}

fn turn_started() -> Value {
    json!({"method": "turn/started", "params": {"threadId": "t", "turn": {"id": "u"}}})
}

fn turn_completed(status: &str) -> Value {
    json!({"method": "turn/completed", "params": {"threadId": "t", "turn": {"id": "u", "status": status}}})
}

fn methods(play: &Play) -> Vec<String> {
    play.written().iter().map(|line| line["method"].as_str().unwrap_or("response").to_owned()).collect()
}

#[rstest]
#[case::new(None, json!({"method": "thread/start", "id": 2, "params": {"cwd": "/sandbox/project"}}))]
#[case::resumed(Some("t0"), json!({"method": "thread/resume", "id": 2,
    "params": {"cwd": "/sandbox/project", "threadId": "t0", "excludeTurns": true}}))]
fn the_prompt_waits_until_the_conversation_is_open(#[case] resume: Option<&str>, #[case] opening: Value) {
    let mut play = codex();
    play.tell(start("go", resume));
    assert_eq!((methods(&play), play.delivered()), (vec!["initialize".to_owned()], 0));
    play.hear(&json!({"id": 1, "result": {}}));
    assert_eq!(play.written()[2], opening);
    assert_eq!(play.delivered(), 0);
    play.hear(&json!({"id": 2, "result": {"thread": {"id": resume.unwrap_or("t")}}}));
    assert_eq!(methods(&play).last().map(String::as_str), Some("turn/start"));
    assert_eq!((play.delivered(), play.events().len()), (1, 0));
}

#[test]
fn another_conversation_than_the_one_asked_for_is_shown() {
    let mut play = codex();
    play.tell(start("go", Some("t0")));
    play.hear(&json!({"id": 1, "result": {}}));
    play.hear(&json!({"id": 2, "result": {"thread": {"id": "other"}}}));
    assert!(matches!(play.events()[..], [AgentEvent::Warning { .. }]));
}

#[rstest]
#[case::unknown_conversation(
    Some("t0"),
    "Codex could not go on with conversation t0: no rollout found; it keeps conversations \
    in its home folder (CODEX_HOME): start a new session if it is gone"
)]
#[case::new(None, "Codex could not begin a conversation: no rollout found")]
fn a_conversation_that_does_not_open_fails_the_turn(#[case] resume: Option<&str>, #[case] text: &str) {
    let mut play = codex();
    play.tell(start("go", resume));
    play.hear(&json!({"id": 1, "result": {}}));
    play.hear(&json!({"id": 2, "error": {"code": -32600, "message": "no rollout found"}}));
    assert_eq!(play.events(), [AgentEvent::Failed { error: text.into() }]);
    assert!(play.closes_input() && play.delivered() == 1);
    play.tell(AgentCommand::SendMessage { text: "more".into() });
    assert_eq!(play.refused().len(), 1);
}

#[test]
fn a_stop_before_the_conversation_is_open_takes_the_prompt_back() {
    let mut play = codex();
    play.tell(start("go", None));
    play.tell(AgentCommand::Abort);
    assert_eq!((play.delivered(), play.refused().len()), (1, 1));
    play.hear(&json!({"id": 1, "result": {}}));
    play.hear(&json!({"id": 2, "result": {"thread": {"id": "t"}}}));
    assert!(!methods(&play).contains(&"turn/start".to_owned()));
}

#[test]
fn an_interrupt_waits_until_the_turn_has_begun() {
    let mut play = codex();
    play.tell(start("go", None));
    play.hear(&json!({"id": 1, "result": {}}));
    play.hear(&json!({"id": 2, "result": {"thread": {"id": "t"}}}));
    play.forget();
    play.tell(AgentCommand::Abort);
    play.hear(&json!({"id": 3, "result": {"turn": {"id": "u"}}}));
    assert!(play.written().is_empty());
    play.hear(&turn_started());
    let interrupt = json!({"id": 4, "method": "turn/interrupt", "params": {"threadId": "t", "turnId": "u"}});
    assert_eq!((play.written(), play.delivered()), (vec![interrupt], 1));
}

#[rstest]
#[case::told_so(true, "interrupted", None)]
#[case::by_itself(false, "interrupted", Some("Codex ended the turn early"))]
#[case::failed(true, "failed", Some("Codex reported an error without saying which"))]
fn a_turn_ends_as_it_should_or_fails(#[case] abort: bool, #[case] status: &str, #[case] failure: Option<&str>) {
    let mut play = in_a_turn();
    if abort {
        play.tell(AgentCommand::Abort);
    }
    play.hear(&turn_completed(status));
    let expected = match failure {
        Some(error) => AgentEvent::Failed { error: error.into() },
        None => AgentEvent::Completed { agent_session_id: Some(AgentSessionId::new("t")), total_cost: None },
    };
    assert_eq!(play.events(), [expected]);
}

fn ask(method: &str, params: Value) -> Value {
    let mut params = params;
    params["threadId"] = json!("t");
    params["itemId"] = json!("i");
    json!({"id": 0, "method": method, "params": params})
}

const COMMAND: &str = "item/commandExecution/requestApproval";
const CHANGE: &str = "item/fileChange/requestApproval";
const RIGHTS: &str = "item/permissions/requestApproval";

fn allow(permissions: Value) -> Answer {
    Answer::Allow { updated_permissions: Some(permissions) }
}

#[rstest]
#[case::yes(COMMAND, Answer::ALLOW, json!({"decision": "accept"}))]
#[case::no(COMMAND, Answer::Deny, json!({"decision": "decline"}))]
#[case::an_offer(COMMAND, allow(json!({"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["ls"]}})),
    json!({"decision": {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["ls"]}}}))]
#[case::an_offer_in_a_list(COMMAND, allow(json!(["acceptForSession"])), json!({"decision": "acceptForSession"}))]
#[case::never_what_was_not_offered(COMMAND, allow(json!("acceptForEver")), json!({"decision": "accept"}))]
#[case::files(CHANGE, Answer::ALLOW, json!({"decision": "accept"}))]
#[case::files_for_good(CHANGE, allow(json!("acceptForSession")), json!({"decision": "acceptForSession"}))]
#[case::rights(RIGHTS, Answer::ALLOW, json!({"permissions": {"network": {"enabled": true}}, "scope": "turn"}))]
#[case::rights_for_good(RIGHTS, allow(json!(["session"])), json!({"permissions": {"network": {"enabled": true}}, "scope": "session"}))]
#[case::no_rights(RIGHTS, Answer::Deny, json!({"permissions": {}, "scope": "turn"}))]
fn an_answer_goes_out_once(#[case] method: &str, #[case] answer: Answer, #[case] result: Value) {
    let mut params = json!({"command": "ls", "permissions": {"network": {"enabled": true}}});
    if method == COMMAND {
        params["availableDecisions"] = json!(["accept", "acceptForSession",
            {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["ls"]}}, "cancel"]);
    }
    let mut play = in_a_turn();
    play.hear(&ask(method, params));
    let answer = AgentCommand::AnswerApproval { request_id: RequestId::new("0"), answer };
    play.tell(answer.clone());
    assert_eq!(play.written(), [json!({"id": 0, "result": result})]);
    play.tell(answer);
    assert_eq!(play.refused().len(), 1, "the second answer");
}

#[test]
fn a_request_shows_all_that_is_asked_for_and_what_can_be_remembered() {
    let mut play = in_a_turn();
    let changes = json!([{"path": "a.rs", "diff": "+1"}]);
    let item = json!({"type": "fileChange", "id": "i", "changes": changes, "status": "inProgress"});
    play.hear(&json!({"method": "item/started", "params": {"threadId": "t", "item": item}}));
    play.hear(&ask(CHANGE, json!({"reason": "outside", "grantRoot": null})));
    let Some(AgentEvent::ApprovalRequested(request)) = play.events().pop() else { panic!("a request") };
    assert_eq!(request.input, json!({"changes": changes, "reason": "outside"}));
    assert_eq!((request.tool_name.as_str(), request.suggestions), ("edit", Some(json!(["acceptForSession"]))));
}

#[rstest]
#[case::resolved_elsewhere(json!({"method": "serverRequest/resolved", "params": {"threadId": "t", "requestId": 0}}), 1)]
#[case::with_the_turn(turn_completed("interrupted"), 2)]
fn a_request_nobody_waits_for_is_withdrawn(#[case] end: Value, #[case] events: usize) {
    let mut play = in_a_turn();
    play.hear(&ask(COMMAND, json!({"command": "ls"})));
    play.forget();
    play.hear(&end);
    assert_eq!(play.events()[0], AgentEvent::ApprovalWithdrawn { request_id: RequestId::new("0") });
    assert_eq!(play.events().len(), events);
    play.tell(AgentCommand::AnswerApproval { request_id: RequestId::new("0"), answer: Answer::ALLOW });
    assert_eq!(play.refused().len(), 1);
}

#[test]
fn a_request_nobody_serves_is_answered_and_kept() {
    let mut play = in_a_turn();
    play.hear(&json!({"id": "x", "method": "item/tool/call", "params": {}}));
    assert_eq!(play.written()[0]["error"]["code"], -32601);
    assert_eq!(play.written()[0]["id"], "x");
    assert!(matches!(&play.events()[..], [AgentEvent::Unknown { kind, .. }] if kind == "item/tool/call"));
}

#[test]
fn another_thread_does_not_speak_in_this_one_but_may_ask() {
    let mut play = in_a_turn();
    let item = json!({"type": "agentMessage", "id": "m", "text": "sub"});
    play.hear(&json!({"method": "item/completed", "params": {"threadId": "sub", "item": item}}));
    play.hear(&json!({"method": "item/agentMessage/delta", "params": {"threadId": "sub", "delta": "sub"}}));
    play.hear(&json!({"method": "turn/completed", "params": {"threadId": "sub", "turn": {"status": "completed"}}}));
    assert!(play.events().is_empty());
    play.hear(&json!({"id": 7, "method": COMMAND, "params": {"threadId": "sub", "command": "ls"}}));
    assert!(matches!(play.events()[..], [AgentEvent::ApprovalRequested(_)]));
}

#[test]
fn the_last_words_before_a_crash_are_kept() {
    let mut play = in_a_turn();
    let item = json!({"type": "agentMessage", "id": "m", "text": "nearly"});
    play.hear(&json!({"method": "item/completed", "params": {"threadId": "t", "item": item}}));
    assert!(play.events().is_empty(), "held back until its tokens are known");
    play.exit(ExitStatus::Signal(9));
    assert_eq!(play.events(), [AgentEvent::Message(MessageBody::text(Role::Assistant, "nearly"))]);
}

#[rstest]
#[case::a_command(json!({"type": "commandExecution", "command": "ls", "exitCode": 0, "aggregatedOutput": "a\n"}), "shell", json!("a\n"))]
#[case::a_failed_one(json!({"type": "commandExecution", "exitCode": 2, "aggregatedOutput": "no\n"}), "shell", json!("no\nexit status 2"))]
#[case::a_declined_one(json!({"type": "commandExecution", "exitCode": null, "status": "declined"}), "shell", json!("declined"))]
#[case::files(json!({"type": "fileChange", "changes": [], "status": "completed"}), "edit", json!("completed"))]
#[case::mcp(json!({"type": "mcpToolCall", "server": "s", "tool": "t", "result": {"content": [1]}}), "s.t", json!({"content": [1]}))]
#[case::failed_mcp(json!({"type": "mcpToolCall", "server": "s", "tool": "t", "error": {"message": "no"}}), "s.t",
    json!({"error": {"message": "no"}}))]
fn a_tool_is_called_and_answers(#[case] item: Value, #[case] name: &str, #[case] output: Value) {
    let mut item = item;
    item["id"] = json!("i");
    let mut play = in_a_turn();
    for method in ["item/started", "item/completed"] {
        play.hear(&json!({"method": method, "params": {"threadId": "t", "item": item}}));
    }
    let [AgentEvent::Message(message), AgentEvent::ToolResult(result)] = &play.events()[..] else {
        panic!("two events")
    };
    assert_eq!((message.tool_calls[0].name.as_str(), result.name.as_str()), (name, name));
    assert_eq!((&message.tool_calls[0].id, &result.output), (&result.id, &output));
}

#[test]
fn tokens_of_earlier_turns_are_not_counted_again() {
    let mut play = in_a_turn();
    let count = |turn: &str, total: u64| {
        let usage = json!({"total": {"inputTokens": total}, "last": {"inputTokens": 100}});
        json!({"method": "thread/tokenUsage/updated", "params": {"threadId": "t", "turnId": turn, "tokenUsage": usage}})
    };
    play.hear(&count("an earlier one", 900));
    let item = json!({"type": "agentMessage", "id": "m", "text": "done"});
    play.hear(&json!({"method": "item/completed", "params": {"threadId": "t", "item": item}}));
    play.hear(&count("u", 1000));
    play.hear(&turn_completed("completed"));
    let AgentEvent::Message(message) = &play.events()[0] else { panic!("a message") };
    assert_eq!(message.usage.map(|usage| usage.input_tokens), Some(100));
}

#[rstest]
#[case::idle(false, &[])]
#[case::in_mid_stream(true, &["turn/interrupt"])]
fn stopping_interrupts_a_turn_under_way_and_closes_the_input(#[case] under_way: bool, #[case] written: &[&str]) {
    let mut play = in_a_turn();
    if !under_way {
        play.hear(&turn_completed("completed"));
    }
    play.stop();
    assert_eq!(methods(&play), written);
    assert!(play.closes_input());
}

#[rstest]
#[case::retried(true, 1)]
#[case::final_one(false, 0)]
fn an_error_is_told_once(#[case] will_retry: bool, #[case] warnings: usize) {
    let mut play = in_a_turn();
    let params = json!({"threadId": "t", "error": {"message": "it broke"}, "willRetry": will_retry});
    play.hear(&json!({"method": "error", "params": params}));
    assert_eq!(play.events().len(), warnings);
    play.forget();
    play.hear(&turn_completed("failed"));
    let last = if will_retry { "Codex reported an error without saying which" } else { "it broke" };
    assert_eq!(play.events(), [AgentEvent::Failed { error: last.into() }]);
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::transcript::{spoils, spoilt};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn events_do_not_depend_on_how_the_bytes_were_read(sizes in prop::collection::vec(1_usize..3000, 1..20)) {
            let bytes = outputs(TURNS).join("\n");
            let read = |sizes: &[usize]| {
                let mut play = codex();
                play.tell(start("hello THINK", None));
                play.bytes(bytes.as_bytes(), sizes);
                play.line_events()
            };
            prop_assert_eq!(read(&sizes), read(&[usize::MAX]));
        }

        #[test]
        fn spoilt_lines_never_cost_a_good_one(
            spoils in prop::collection::vec((any::<prop::sample::Index>(), spoils()), 0..20),
        ) {
            let lines = outputs(TURNS);
            let mut play = in_a_turn();
            for (number, (pick, spoil)) in spoils.iter().cloned().enumerate() {
                play.bytes(&spoilt(&lines[pick.index(lines.len())], spoil), &[97]);
                let params = json!({"threadId": "t", "delta": format!("good {number}")});
                let delta = json!({"method": "item/agentMessage/delta", "params": params});
                play.bytes(format!("\n{delta}\n").as_bytes(), &[97]);
            }
            let events = play.events();
            let heard = events.iter().filter_map(|event| match event {
                AgentEvent::ContentDelta { text } => text.strip_prefix("good ").map(str::to_owned),
                _ => None,
            });
            let all: Vec<String> = (0..spoils.len()).map(|number| number.to_string()).collect();
            prop_assert_eq!(heard.collect::<Vec<_>>(), all);
        }
    }
}
