//! Recorded conversations with Claude Code, and what no recording shows.

use rstest::rstest;
use serde_json::json;
use switchboard_domain::{Answer, Cost, RequestId, ToolCallId, Usage};

use super::*;
use crate::protocol::transcript::{Play, Played, start};
use crate::{ExitStatus, ProtocolKind};

const TURNS: &str = include_str!("../../../tests/testdata/claude-2.1.330.jsonl");
const RESUMED: &str = include_str!("../../../tests/testdata/claude-2.1.330-resume.jsonl");
const UNKNOWN: &str = include_str!("../../../tests/testdata/claude-2.1.330-resume-unknown.jsonl");
const API_ERROR: &str = include_str!("../../../tests/testdata/claude-2.1.141-api-error.jsonl");

/// The command that a recorded line of input stands for.
fn told(line: &Value, resume: Option<&str>) -> Option<AgentCommand> {
    let response = &line["response"];
    match (line["type"].as_str()?, line["request"]["subtype"].as_str(), response["response"]["behavior"].as_str()) {
        ("user", ..) if resume.is_some() => Some(start(line["message"]["content"].as_str()?, resume)),
        ("user", ..) => Some(AgentCommand::SendMessage { text: line["message"]["content"].as_str()?.to_owned() }),
        ("control_request", Some("interrupt"), _) => Some(AgentCommand::Abort),
        ("control_response", _, Some(behavior)) => Some(AgentCommand::AnswerApproval {
            request_id: RequestId::new(response["request_id"].as_str()?),
            answer: if behavior == "allow" { Answer::ALLOW } else { Answer::Deny },
        }),
        // What only the recording client asked for.
        _ => None,
    }
}

fn claude(resume: Option<&str>) -> Play {
    Play::new(ProtocolKind::Claude, resume)
}

fn recorded(transcript: &str, resume: Option<&str>) -> Played {
    claude(resume).transcript(transcript, |line| told(line, resume))
}

#[test]
fn the_recorded_turns_are_understood() {
    insta::assert_snapshot!(recorded(TURNS, None).story());
}

#[test]
fn the_recorded_resumption_is_understood() {
    insta::assert_snapshot!(recorded(RESUMED, Some("71d7f048-f46b-488b-83b2-54cbd6103c3e")).story());
}

#[test]
fn a_conversation_that_is_gone_fails_with_advice() {
    insta::assert_snapshot!(recorded(UNKNOWN, Some("92fd2d17-8c3f-4dba-9341-e25b86c53fb5")).story());
}

#[test]
fn a_success_with_an_error_is_a_failure() {
    insta::assert_snapshot!(recorded(API_ERROR, None).story());
}

/// A turn that has begun, with a request for approval open.
fn asking() -> Play {
    let mut play = claude(None);
    play.tell(start("use a tool", None));
    play.hear(&json!({"type": "control_request", "request_id": "r1", "request": {"subtype": "can_use_tool",
        "tool_name": "Bash", "input": {"command": "ls"}, "permission_suggestions": [{"type": "addRules"}]}}));
    play.forget();
    play
}

fn answer(answer: Answer) -> AgentCommand {
    AgentCommand::AnswerApproval { request_id: RequestId::new("r1"), answer }
}

#[rstest]
#[case::yes(Answer::ALLOW, json!({"behavior": "allow", "updatedInput": {"command": "ls"}}))]
#[case::yes_for_good(Answer::Allow { updated_permissions: Some(json!([{"type": "addRules"}])) },
    json!({"behavior": "allow", "updatedInput": {"command": "ls"}, "updatedPermissions": [{"type": "addRules"}]}))]
#[case::yes_with_one_rule(Answer::Allow { updated_permissions: Some(json!({"type": "addRules"})) },
    json!({"behavior": "allow", "updatedInput": {"command": "ls"}, "updatedPermissions": [{"type": "addRules"}]}))]
#[case::no(Answer::Deny, json!({"behavior": "deny", "message": "The user does not allow this. Do not try the same \
    again; ask what to do instead if it is unclear."}))]
fn an_answer_goes_out_once(#[case] yes_or_no: Answer, #[case] response: Value) {
    let mut play = asking();
    play.tell(answer(yes_or_no.clone()));
    let expected = json!({"type": "control_response",
        "response": {"subtype": "success", "request_id": "r1", "response": response}});
    assert_eq!(play.written(), [expected]);
    play.tell(answer(yes_or_no));
    assert_eq!(play.refused().len(), 1, "the second answer");
}

#[test]
fn a_withdrawn_request_cannot_be_answered() {
    let mut play = asking();
    let cancel = json!({"type": "control_cancel_request", "request_id": "r1"});
    play.hear(&cancel);
    play.hear(&cancel);
    let withdrawn = AgentEvent::ApprovalWithdrawn { request_id: RequestId::new("r1") };
    assert_eq!(play.events(), [withdrawn], "told once");
    play.tell(answer(Answer::ALLOW));
    assert_eq!((play.written().len(), play.refused().len()), (0, 1));
}

#[test]
fn the_end_of_a_turn_withdraws_what_is_open() {
    let mut play = asking();
    play.hear(&json!({"type": "result", "subtype": "success", "is_error": false, "session_id": "s"}));
    let withdrawn = AgentEvent::ApprovalWithdrawn { request_id: RequestId::new("r1") };
    let completed = AgentEvent::Completed { agent_session_id: Some(AgentSessionId::new("s")), total_cost: None };
    assert_eq!(play.events(), [withdrawn, completed]);
}

#[test]
fn a_program_that_asks_without_end_is_denied() {
    let mut play = claude(None);
    for number in 0..300 {
        play.hear(&json!({"type": "control_request", "request_id": number.to_string(),
            "request": {"subtype": "can_use_tool", "tool_name": "Bash", "input": {}}}));
    }
    let asked = play.events().iter().filter(|event| matches!(event, AgentEvent::ApprovalRequested(_))).count();
    assert_eq!((asked, play.written().len()), (256, 44));
}

#[rstest]
#[case::unknown(json!({"subtype": "mcp_message"}))]
#[case::malformed(json!({"subtype": "can_use_tool", "tool_name": "Bash"}))]
fn a_request_that_cannot_be_served_is_refused_and_kept(#[case] request: Value) {
    let mut play = claude(None);
    play.hear(&json!({"type": "control_request", "request_id": "r9", "request": request}));
    assert_eq!(play.written()[0]["response"]["subtype"], "error");
    assert!(matches!(play.events()[..], [AgentEvent::Unknown { .. }]));
}

#[test]
fn an_interrupt_waits_until_the_turn_has_begun() {
    let mut play = claude(None);
    play.tell(start("go", None));
    play.forget();
    play.tell(AgentCommand::Abort);
    assert!(play.written().is_empty());
    play.hear(&begun());
    assert_eq!(play.written()[0]["request"]["subtype"], "interrupt");
    assert_eq!(play.delivered(), 1);
}

/// What a turn begins with.
fn begun() -> Value {
    json!({"type": "system", "subtype": "init", "session_id": "s"})
}

#[rstest]
#[case::idle(&[], 0)]
#[case::in_mid_stream(&["prompt", "begun"], 1)]
#[case::after_the_turn(&["prompt", "begun", "result"], 0)]
#[case::interrupted_already(&["prompt", "begun", "abort"], 0)]
fn stopping_interrupts_a_turn_under_way_and_closes_the_input(#[case] before: &[&str], #[case] interrupts: usize) {
    let mut play = claude(None);
    for step in before {
        match *step {
            "prompt" => play.tell(start("go", None)),
            "begun" => play.hear(&begun()),
            "abort" => play.tell(AgentCommand::Abort),
            _ => play.hear(&json!({"type": "result", "subtype": "success", "is_error": false})),
        }
    }
    play.forget();
    play.stop();
    let written = play.written();
    assert_eq!(written.len(), interrupts);
    assert!(written.iter().all(|line| line["request"]["subtype"] == "interrupt"));
    assert!(play.closes_input());
}

#[rstest]
#[case::it_begins(begun(), 1)]
#[case::it_fails(json!({"type": "result", "is_error": true}), 0)]
fn stopping_waits_for_a_turn_that_cannot_be_interrupted_yet(#[case] next: Value, #[case] interrupts: usize) {
    let mut play = claude(None);
    play.tell(start("go", None));
    play.forget();
    play.stop();
    assert!(!play.closes_input());
    play.hear(&next);
    assert_eq!(play.written().len(), interrupts);
    assert!(play.closes_input());
}

#[rstest]
#[case::told_so(true, None)]
#[case::by_itself(false, Some("Claude Code reported an error without saying which (error_during_execution)"))]
fn only_a_turn_that_was_told_to_end_ends_well_in_an_error(#[case] abort: bool, #[case] failure: Option<&str>) {
    let mut play = claude(None);
    play.tell(start("go", None));
    play.hear(&begun());
    play.forget();
    if abort {
        play.tell(AgentCommand::Abort);
    }
    play.hear(&json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
        "errors": ["[ede_diagnostic] noise"], "total_cost_usd": 0.5}));
    let expected = match failure {
        Some(error) => AgentEvent::Failed { error: error.into() },
        None => AgentEvent::Completed { agent_session_id: None, total_cost: Cost::from_usd(0.5) },
    };
    assert_eq!(play.events().last(), Some(&expected));
}

#[rstest]
#[case::budget(json!({"subtype": "error_max_budget_usd", "is_error": true}), "the session's budget is used up")]
#[case::not_logged_in(json!({"subtype": "success", "is_error": true, "result": "Please run /login"}),
    "Please run /login; log in by running `claude` in a terminal, or pass ANTHROPIC_API_KEY on to it")]
#[case::subtype_alone(json!({"subtype": "error_max_turns"}), "the limit on steps in one turn is reached")]
fn a_failure_says_what_to_do(#[case] result: Value, #[case] text: &str) {
    assert_eq!(failure(&result, None).as_deref(), Some(text));
}

#[test]
fn a_process_for_another_conversation_is_not_spoken_to() {
    let mut play = claude(Some("one"));
    play.tell(start("go on", Some("another")));
    assert_eq!((play.written().len(), play.refused().len()), (0, 1));
}

#[rstest]
#[case::the_same("one", 0)]
#[case::another("two", 1)]
fn another_conversation_than_the_one_asked_for_is_shown(#[case] begun: &str, #[case] warnings: usize) {
    let mut play = claude(Some("one"));
    play.tell(start("go on", Some("one")));
    let init = json!({"type": "system", "subtype": "init", "session_id": begun});
    play.hear(&init);
    play.hear(&init);
    let warned = play.events().iter().filter(|event| matches!(event, AgentEvent::Warning { .. })).count();
    assert_eq!(warned, warnings);
}

#[test]
fn what_a_failed_turn_has_cost_is_told() {
    let mut play = claude(None);
    play.tell(start("go", None));
    play.hear(
        &json!({"type": "result", "subtype": "success", "is_error": true, "result": "no", "total_cost_usd": 0.5}),
    );
    let spent = AgentEvent::Spent { total_cost: Cost::from_usd(0.5).expect("money") };
    assert_eq!(play.events(), [spent, AgentEvent::Failed { error: "no".into() }]);
}

#[test]
fn a_tool_that_failed_is_known_as_one() {
    let mut play = claude(None);
    let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": "no", "is_error": true});
    play.hear(&json!({"type": "user", "message": {"content": [result]}}));
    assert!(matches!(&play.events()[..], [AgentEvent::ToolResult(result)] if result.is_error));
}

#[test]
fn a_subagent_does_not_speak_in_the_main_transcript() {
    let mut play = claude(None);
    let lines = [
        json!({"type": "stream_event", "event": {"type": "content_block_delta", "delta": {"text": "sub"}}}),
        json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "sub"}]}}),
        json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": "sub"}]}}),
    ];
    for mut line in lines {
        line["parent_tool_use_id"] = json!("toolu_1");
        play.hear(&line);
    }
    play.exit(ExitStatus::Code(0));
    assert!(play.events().is_empty());
}

#[test]
fn the_last_words_before_a_crash_are_kept() {
    let mut play = claude(None);
    play.tell(start("go", None));
    play.hear(&json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "nearly"}]}}));
    assert!(play.events().is_empty(), "held back until its tokens are known");
    play.exit(ExitStatus::Signal(9));
    assert_eq!(play.events(), [AgentEvent::Message(MessageBody::text(Role::Assistant, "nearly"))]);
}

#[test]
fn tokens_that_only_the_result_counts_go_to_the_last_message() {
    let mut play = claude(None);
    play.hear(&json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "done"}]}}));
    play.hear(&json!({"type": "result", "subtype": "success", "is_error": false,
        "usage": {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3}}));
    let usage = Usage { input_tokens: 7, output_tokens: 5, cache_read_tokens: 3, cache_write_tokens: 0 };
    assert!(matches!(&play.events()[0], AgentEvent::Message(message) if message.usage == Some(usage)));
}

#[test]
fn a_result_of_blocks_is_text_and_names_its_tool() {
    let mut play = claude(None);
    let call = json!({"type": "tool_use", "id": "t1", "name": "Task", "input": {}});
    play.hear(&json!({"type": "assistant", "message": {"content": [call]}}));
    let blocks = json!([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]);
    let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": blocks});
    play.hear(&json!({"type": "user", "message": {"content": [result]}}));
    let [AgentEvent::Message(_), AgentEvent::ToolResult(result)] = &play.events()[..] else { panic!("two events") };
    assert_eq!((result.name.as_str(), &result.output), ("Task", &json!("one\ntwo")));
    assert_eq!(result.id, Some(ToolCallId::new("t1")));
}

#[rstest]
#[case::rate_limit(json!({"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1_700_000_000,
    "rateLimitType": "five_hour"}}), r#"{"type":"rate_limit","status":"rejected","resets_at":"2023-11-14T22:13:20.000000Z","kind":"five_hour"}"#)]
#[case::progress(json!({"type": "tool_progress", "tool_name": "Bash", "elapsed_time_seconds": 2.5}),
    r#"{"type":"tool_progress","tool_name":"Bash","elapsed_ms":2500}"#)]
#[case::retry(json!({"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "error_status": 529}),
    r#"{"type":"warning","message":"the model's service failed with HTTP 529; trying again (1 of 10)"}"#)]
#[case::unknown(json!({"type": "news"}), r#"{"type":"unknown","kind":"news","raw":{"type":"news"}}"#)]
fn a_line_is_one_event(#[case] line: Value, #[case] event: &str) {
    let mut play = claude(None);
    play.hear(&line);
    let events: Vec<String> =
        play.events().iter().map(|event| serde_json::to_string(event).expect("serializes")).collect();
    assert_eq!(events, [event]);
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::transcript::{spoils, spoilt};

    fn recorded_lines() -> Vec<String> {
        crate::protocol::transcript::outputs(TURNS)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn events_do_not_depend_on_how_the_bytes_were_read(sizes in prop::collection::vec(1_usize..3000, 1..20)) {
            let bytes = recorded_lines().join("\n");
            let mut whole = claude(None);
            whole.bytes(bytes.as_bytes(), &[usize::MAX]);
            let mut pieces = claude(None);
            pieces.bytes(bytes.as_bytes(), &sizes);
            prop_assert_eq!(pieces.line_events(), whole.line_events());
        }

        #[test]
        fn spoilt_lines_never_cost_a_good_one(
            spoils in prop::collection::vec((any::<prop::sample::Index>(), spoils()), 0..20),
        ) {
            let lines = recorded_lines();
            let mut play = claude(None);
            for (number, (pick, spoil)) in spoils.iter().cloned().enumerate() {
                play.bytes(&spoilt(&lines[pick.index(lines.len())], spoil), &[97]);
                let delta = json!({"type": "content_block_delta", "delta": {"text": format!("good {number}")}});
                play.bytes(format!("\n{}\n", json!({"type": "stream_event", "event": delta})).as_bytes(), &[97]);
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
