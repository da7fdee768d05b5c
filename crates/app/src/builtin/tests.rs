//! The built-in agent over streams in memory.

use std::io::{Read as _, Write as _, pipe};

use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const SESSION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// All that is said when `input` comes in at once and then ends, and how it ended.
async fn conversation(args: WorkerArgs, input: &[Value]) -> (Vec<Value>, Outcome) {
    let (from_agent, output) = pipe().expect("a pipe");
    let (input_end, mut to_agent) = pipe().expect("a pipe");
    for message in input {
        let mut message = message.clone();
        message["sessionId"] = json!(SESSION);
        writeln!(to_agent, "{message}").expect("fits the pipe");
    }
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let mut from_agent = from_agent;
        from_agent.read_to_string(&mut text).expect("text");
        text
    });
    // The input stays open: an agent that is told to end does so by itself.
    let status = serve(args, Worker::over(input_end, output)).await.expect("heard");
    let text = reader.join().expect("read");
    (text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), status)
}

const FAST: WorkerArgs = WorkerArgs { seed: 1, speed: 0.0 };

fn start(prompt: &str) -> Value {
    json!({"type": "start_session", "projectPath": "/", "prompt": prompt})
}

fn end() -> Value {
    json!({"type": "end_session"})
}

fn types(said: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> = said.iter().filter_map(|message| message["type"].as_str()).collect();
    types.dedup();
    types
}

#[rstest]
#[case::ordinary("fix it", &["session_started", "thinking_delta", "content_delta", "message", "tool_use",
    "tool_result", "content_delta", "message", "session_completed"], Outcome::Finished)]
#[case::saying("say hi", &["session_started", "content_delta", "message", "session_completed"], Outcome::Finished)]
#[case::failing("fail", &["session_started", "thinking_delta", "content_delta", "message", "tool_use",
    "tool_result", "content_delta", "message", "session_failed"], Outcome::Finished)]
#[case::crashing("crash", &["session_started", "thinking_delta", "content_delta", "message", "tool_use",
    "tool_result", "content_delta"], Outcome::Crashed)]
#[tokio::test]
async fn a_turn_goes_as_the_prompt_says(#[case] prompt: &str, #[case] said: &[&str], #[case] outcome: Outcome) {
    let (heard, exit) = conversation(FAST, &[start(prompt), end()]).await;
    let without_progress: Vec<Value> = heard.into_iter().filter(|m| m["type"] != "tool_progress").collect();
    assert_eq!(types(&without_progress), said);
    assert_eq!(exit, outcome);
}

#[tokio::test]
async fn deltas_add_up_to_the_message_and_cost_to_the_process() {
    let (heard, _) =
        conversation(FAST, &[start("fix it"), json!({"type": "send_message", "message": "more"}), end()]).await;
    let mut text = String::new();
    let mut costs = Vec::new();
    for message in &heard {
        match message["type"].as_str() {
            Some("content_delta") => text.push_str(message["delta"].as_str().expect("text")),
            Some("message") => assert_eq!(message["content"].as_str(), Some(std::mem::take(&mut text).as_str())),
            Some("session_completed") => costs.push(message["totalCostUsd"].as_f64().expect("a cost")),
            _ => {}
        }
    }
    assert!(costs.len() == 2 && costs[1] > costs[0] && costs[0] > 0.0, "{costs:?}");
}

#[rstest]
#[case::yes(true, 2)]
#[case::no(false, 0)]
#[tokio::test]
async fn what_is_not_approved_is_not_done(#[case] allowed: bool, #[case] calls: usize) {
    let answer = |id: &str| json!({"type": "tool_approval_response", "requestId": id, "allowed": allowed});
    let (heard, _) = conversation(FAST, &[start("approve 2"), answer("apr_1"), answer("apr_2"), end()]).await;
    let count = |kind: &str| heard.iter().filter(|message| message["type"] == kind).count();
    assert_eq!((count("tool_approval_request"), count("tool_use")), (2, calls));
    assert_eq!(count("session_completed"), 1);
}

#[tokio::test]
async fn it_remembers_what_it_resumes() {
    let mut resumed = start("say hello");
    resumed["resumeSessionId"] = json!("builtin-cafe");
    let (heard, _) = conversation(FAST, &[resumed, end()]).await;
    let message = heard.iter().find(|message| message["type"] == "message").expect("a message");
    assert_eq!(message["content"], "I remember our conversation builtin-cafe. hello");
    assert!(heard.iter().filter_map(|m| m.get("sdkSessionId")).all(|id| id == "builtin-cafe"));
}

#[tokio::test]
async fn it_can_be_aborted_while_it_hangs_and_goes_on_after() {
    let messages =
        [start("hang"), json!({"type": "abort_session"}), json!({"type": "send_message", "message": "say hi"}), end()];
    let (heard, _) = conversation(FAST, &messages).await;
    let mut ends = types(&heard);
    ends.retain(|kind| ["session_failed", "session_completed"].contains(kind));
    assert_eq!(ends, ["session_failed", "session_completed"]);
}

#[tokio::test]
async fn a_flood_is_as_large_as_asked_for() {
    let (heard, _) = conversation(FAST, &[start("flood 1000"), end()]).await;
    let numbers = heard.iter().filter_map(|message| message["delta"].as_str()?.trim().parse::<u64>().ok());
    assert!(numbers.eq(0..1000));
}

#[tokio::test]
async fn a_budget_is_kept() {
    let mut cheap = start("fix it");
    cheap["maxBudgetUsd"] = json!(0.000_001);
    let (heard, _) = conversation(FAST, &[cheap, end()]).await;
    let error = heard.last().and_then(|message| message["error"].as_str()).expect("a failure");
    assert!(error.starts_with("the budget of $0.0000 is used up"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn speed_divides_time() {
    let mut took = Vec::new();
    for speed in [1.0, 4.0] {
        let began = tokio::time::Instant::now();
        let _said = conversation(WorkerArgs { seed: 1, speed }, &[start("fix it"), end()]).await;
        took.push(began.elapsed());
    }
    assert!(took[0].as_secs_f64() / took[1].as_secs_f64() > 3.5, "{took:?}");
}

#[rstest]
#[case("0", true)]
#[case("2.5", true)]
#[case("-1", false)]
#[case("NaN", false)]
#[case("inf", false)]
fn a_speed_is_a_sane_number(#[case] text: &str, #[case] is_sane: bool) {
    assert_eq!(speed(text).is_ok(), is_sane);
}
