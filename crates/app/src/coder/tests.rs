//! The whole agent, between a server that plays the endpoint and a program that plays Switchboard.

mod endpoints;
mod stage;

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::wire::Api;
use endpoints::{call, cut, flood, garbage, words};
use stage::Stage;

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_question_is_answered(#[case] api: Api) {
    let mut stage = Stage::with(api, [words(api, "Hello there.")]).await;
    let said = stage.turn("hi").await;
    assert_eq!(said.kinds(), ["session_started", "content_delta", "content_delta", "message", "session_completed"]);
    assert_eq!(said.of("message")["content"], "Hello there.");
    assert_eq!(said.of("message")["usage"]["inputTokens"], 100);
    // 100 tokens read at 3 dollars a million, and 20 written at 15.
    assert_eq!(said.of("session_completed")["totalCostUsd"], 0.0006);
    let request = stage.requests().await.remove(0);
    assert!(request.to_string().contains("hi"));
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_tool_runs_once_it_is_allowed_and_the_model_sees_what_came_of_it(#[case] api: Api) {
    let write = json!({"path": "new.txt", "content": "hello"});
    let mut stage = Stage::with(api, [call(api, "write", &write), words(api, "Done.")]).await;
    let asked = stage.begin("write it").until("tool_approval_request").await;
    assert_eq!(asked.of("tool_approval_request")["input"], write);
    assert!(!stage.file("new.txt").exists(), "nothing happens before the answer");
    stage.answer(&asked, true);
    let said = stage.until("session_completed").await;
    assert_eq!(std::fs::read_to_string(stage.file("new.txt")).expect("written"), "hello");
    assert_eq!(said.of("tool_result")["output"], "created `new.txt`: 1 lines");
    assert_eq!(said.of("tool_result")["toolUseId"], asked.of("message")["toolCalls"][0]["toolUseId"]);
    assert!(stage.requests().await[1].to_string().contains("created `new.txt`"));
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_tool_that_is_refused_does_not_run_and_the_model_is_told(#[case] api: Api) {
    let command = json!({"command": "touch ran"});
    let mut stage = Stage::with(api, [call(api, "shell", &command), words(api, "Then not.")]).await;
    let asked = stage.begin("run it").until("tool_approval_request").await;
    stage.answer(&asked, false);
    stage.until("session_completed").await;
    assert!(!stage.file("ran").exists());
    assert!(stage.requests().await[1].to_string().contains("the user said no"));
}

#[tokio::test]
async fn looking_needs_no_question() {
    let api = Api::Chat;
    let answers = [call(api, "list", &json!({})), call(api, "search", &json!({"pattern": "x"})), words(api, "Seen.")];
    let mut stage = Stage::with(api, answers).await;
    let said = stage.turn("look").await;
    assert!(!said.kinds().contains(&"tool_approval_request"));
    assert_eq!(said.kinds().iter().filter(|kind| **kind == "tool_result").count(), 2);
}

#[rstest]
#[case::elsewhere("write", json!({"path": "../out", "content": ""}), "must not contain `..`")]
#[case::no_tool("fly", json!({}), "there is no tool `fly`")]
#[case::wrong_input("edit", json!({"path": "a"}), "the input is wrong")]
#[tokio::test]
async fn nobody_is_asked_for_what_is_refused_anyway(
    #[case] tool: &str,
    #[case] input: serde_json::Value,
    #[case] reason: &str,
) {
    let api = Api::Anthropic;
    let mut stage = Stage::with(api, [call(api, tool, &input), words(api, "Well.")]).await;
    let said = stage.turn("do it").await;
    assert!(!said.kinds().contains(&"tool_approval_request"));
    assert!(said.of("tool_result")["output"].as_str().expect("a text").contains(reason));
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn an_answer_that_makes_no_sense_fails_the_turn_and_not_the_agent(#[case] api: Api) {
    let mut stage = Stage::with(api, [garbage(), words(api, "Better.")]).await;
    let said = stage.turn("hi").await;
    assert!(said.error().contains("not in its format"), "{}", said.error());
    assert_eq!(stage.follow_up("again").await.of("message")["content"], "Better.");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn of_an_answer_that_is_cut_off_every_word_is_kept(#[case] api: Api) {
    let mut stage = Stage::with(api, [cut(api, "Half a"), words(api, "Whole.")]).await;
    let said = stage.turn("hi").await;
    assert_eq!(said.of("message")["content"], "Half a");
    assert!(said.error().contains("cut off"));
    stage.follow_up("go on").await;
    assert!(stage.requests().await[1].to_string().contains("Half a"), "the model knows what it said");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn an_answer_that_is_cut_off_before_its_first_word_is_asked_for_again(#[case] api: Api) {
    let mut stage = Stage::with(api, [cut(api, ""), words(api, "Here.")]).await;
    assert_eq!(stage.turn("hi").await.of("message")["content"], "Here.");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_refused_key_fails_at_once_and_says_what_to_do(#[case] api: Api) {
    let refusal = ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "invalid key"}}));
    let mut stage = Stage::with(api, [refusal]).await;
    let said = stage.turn("hi").await;
    assert!(said.error().contains("invalid key") && said.error().contains("MODEL_KEY"), "{}", said.error());
    assert_eq!(stage.requests().await.len(), 1);
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_rate_limit_is_waited_for_and_told(#[case] api: Api) {
    let limit = ResponseTemplate::new(429).insert_header("retry-after", "0.05");
    let mut stage = Stage::with(api, [limit, words(api, "Now.")]).await;
    let said = stage.turn("hi").await;
    let status: Vec<_> = said.all("rate_limit_status").map(|line| line["status"].clone()).collect();
    assert_eq!(status, ["rejected", "allowed"]);
    assert!(!said.of("rate_limit_status")["resetsAt"].is_null());
    assert_eq!(said.of("message")["content"], "Now.");
}

#[tokio::test]
async fn a_limit_that_resets_tomorrow_is_told_and_not_waited_for() {
    let limit = ResponseTemplate::new(429).insert_header("retry-after", "86400");
    let mut stage = Stage::with(Api::Chat, [limit]).await;
    let said = stage.turn("hi").await;
    assert!(said.error().contains("rate limit"));
    assert_eq!(said.of("rate_limit_status")["status"], "rejected");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn an_endpoint_in_trouble_is_asked_again(#[case] api: Api) {
    let trouble = ResponseTemplate::new(500).insert_header("retry-after", "0");
    let mut stage = Stage::with(api, [trouble, words(api, "Back.")]).await;
    let said = stage.turn("hi").await;
    assert_eq!(said.of("message")["content"], "Back.");
    assert!(!said.kinds().contains(&"rate_limit_status"), "an error is no limit");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn a_slow_endpoint_can_be_aborted(#[case] api: Api) {
    let slow = words(api, "Late.").set_delay(Duration::from_mins(5));
    let mut stage = Stage::with(api, [slow, words(api, "Quick.")]).await;
    stage.begin("hi");
    stage.has_been_asked(1).await;
    stage.abort();
    assert_eq!(stage.until("session_failed").await.error(), "aborted");
    assert_eq!(stage.follow_up("again").await.of("message")["content"], "Quick.");
}

#[tokio::test]
async fn an_answer_can_be_aborted_in_its_middle() {
    let mut stage = Stage::with_endless_stream().await;
    stage.begin("hi").until("content_delta").await;
    stage.abort();
    assert_eq!(stage.until("session_failed").await.error(), "aborted");
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
#[tokio::test]
async fn an_endless_line_is_an_error_and_not_the_end_of_the_agent(#[case] api: Api) {
    let mut stage = Stage::with(api, [flood(), words(api, "Short.")]).await;
    assert!(stage.turn("hi").await.error().contains("too long"));
    assert_eq!(stage.follow_up("again").await.of("message")["content"], "Short.");
}

#[tokio::test]
async fn a_tool_can_be_aborted_and_the_conversation_goes_on() {
    let api = Api::Anthropic;
    let sleep = json!({"command": "echo > begun; sleep 300"});
    let mut stage = Stage::with(api, [call(api, "shell", &sleep), words(api, "Awake.")]).await;
    let asked = stage.begin("sleep").until("tool_approval_request").await;
    stage.answer(&asked, true);
    stage.has_file("begun").await;
    stage.abort();
    assert_eq!(stage.until("session_failed").await.error(), "aborted");
    assert_eq!(stage.follow_up("wake up").await.of("message")["content"], "Awake.");
    assert!(stage.requests().await[1].to_string().contains("not run: the user interrupted"));
}

#[tokio::test]
async fn a_question_can_be_aborted() {
    let api = Api::Chat;
    let mut stage = Stage::with(api, [call(api, "shell", &json!({"command": "touch ran"}))]).await;
    stage.begin("run").until("tool_approval_request").await;
    stage.abort();
    assert_eq!(stage.until("session_failed").await.error(), "aborted");
    assert!(!stage.file("ran").exists());
}

#[tokio::test]
async fn the_model_knows_what_was_said_before() {
    let api = Api::Responses;
    let mut stage = Stage::with(api, [words(api, "One."), words(api, "Two.")]).await;
    stage.turn("first").await;
    stage.follow_up("second").await;
    let asked = stage.requests().await[1].to_string();
    assert!(["first", "One.", "second"].iter().all(|text| asked.contains(text)), "{asked}");
}

#[tokio::test]
async fn a_conversation_is_gone_on_with_by_another_process() {
    let api = Api::Chat;
    let mut stage = Stage::with(api, [words(api, "One."), words(api, "Two.")]).await;
    let first = stage.turn("first").await;
    stage.restart(first.of("session_completed")["sdkSessionId"].as_str());
    stage.turn("second").await;
    assert!(stage.requests().await[1].to_string().contains("One."));
}

#[tokio::test]
async fn a_conversation_that_is_gone_is_not_begun_afresh_in_silence() {
    let mut stage = Stage::with(Api::Chat, [words(Api::Chat, "One.")]).await;
    stage.restart(Some("coder-unknown"));
    assert!(stage.turn("go on").await.error().contains("`coder-unknown` cannot be gone on with"));
    assert!(stage.requests().await.is_empty());
}

#[tokio::test]
async fn a_budget_stops_the_work_before_the_next_question() {
    let api = Api::Chat;
    let answers = [call(api, "list", &json!({})), words(api, "never asked for")];
    let mut stage = Stage::with(api, answers).await;
    stage.limit(0.0005);
    let said = stage.turn("work").await;
    assert!(said.error().contains("the budget of $0.0005 is used up: $0.0006 spent"), "{}", said.error());
    assert_eq!(stage.requests().await.len(), 1);
}
