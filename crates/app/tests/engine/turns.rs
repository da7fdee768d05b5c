//! What an agent says in a turn, and every way a turn can end.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use switchboard::engine::Notice;
use switchboard_domain::{
    AgentEvent, AgentSessionId, Cost, MessageBody, RateLimit, RateLimitStatus, Role, SessionStatus, ToolCall,
    ToolCallId, ToolResult,
};
use switchboard_sidecar::{Exit, ExitStatus, FaultKind, LineEvent, LineFault};

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_whole_turn_ends_up_in_the_transcript() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    agent.says(AgentEvent::ThinkingDelta { text: "hm".into() }).await;
    agent.says(AgentEvent::ContentDelta { text: "I will ".into() }).await;
    stage.until("streamed text", |state| state.session(id).is_some_and(|it| it.draft().content == "I will ")).await;

    let call = ToolCall {
        id: Some(ToolCallId::new("t1")),
        name: "Bash".into(),
        input: json!({}),
        output: None,
        is_error: false,
    };
    agent.says(AgentEvent::ToolUse(call)).await;
    let result =
        ToolResult { id: Some(ToolCallId::new("t1")), name: "Bash".into(), output: json!("ok"), is_error: false };
    agent.says(AgentEvent::ToolResult(result)).await;
    agent.answers("I will look.").await;
    tokio::time::advance(Duration::from_secs(3)).await;
    let (agent_session_id, total_cost) = (Some(AgentSessionId::new("agents-own-id")), Cost::from_usd(0.5));
    agent.says(AgentEvent::Completed { agent_session_id, total_cost }).await;
    stage.until_status(id, SessionStatus::Completed).await;

    let session = stage.session(id);
    assert_eq!(stage.transcript(id), ["user: fix the build", "assistant: I will look."]);
    let last = session.transcript().messages().next_back().expect("a message");
    assert_eq!(last.body.tool_calls[0].output, Some(json!("ok")));
    assert!(session.draft().is_empty());
    assert_eq!(session.session().agent_session_id, Some(AgentSessionId::new("agents-own-id")));
    assert_eq!(Some(session.session().cost), Cost::from_usd(0.5));
    assert_eq!(stage.notices.all(), [Notice::Completed(id)]);
}

#[tokio::test(start_paused = true)]
async fn tool_calls_without_a_message_are_flushed_onto_the_last_one() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.answers("Running it.").await;
    agent
        .says(AgentEvent::ToolUse(ToolCall {
            id: None,
            name: "Bash".into(),
            input: json!({}),
            output: None,
            is_error: false,
        }))
        .await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    let session = stage.session(id);
    assert_eq!(session.transcript().messages().len(), 2);
    assert_eq!(session.transcript().messages().next_back().expect("a message").body.tool_calls.len(), 1);
}

#[rstest]
#[case::exit_code(ExitStatus::Code(3), "exit status 3")]
#[case::signal(ExitStatus::Signal(9), "SIGKILL")]
#[case::even_a_clean_exit(ExitStatus::Code(0), "exit status 0")]
#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_in_mid_turn_fails_it(#[case] status: ExitStatus, #[case] said: &str) {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.says(AgentEvent::ContentDelta { text: "half a sent".into() }).await;
    agent.asks("apr_1").await;
    agent.script.exit(Exit { status, stderr_tail: "loading\npanicked at main.rs:1\n".into() }).await;
    stage.until_status(id, SessionStatus::Failed).await;

    let error = stage.error(id);
    assert!(error.contains(said) && error.contains("panicked at main.rs:1"), "{error}");
    assert_eq!(stage.transcript(id), ["user: fix the build", "assistant: half a sent"], "no word is lost");
    assert_eq!(stage.session(id).pending_approvals().count(), 0);
    assert!(stage.notices.all().contains(&Notice::Failed(id)));
}

#[tokio::test(start_paused = true)]
async fn output_that_nobody_understood_is_part_of_the_explanation() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    let fault = LineFault::new(FaultKind::Junk, "Please log in first");
    assert!(agent.script.emit(LineEvent::Fault(fault)).await);
    agent.script.exit(Exit { status: ExitStatus::Code(1), stderr_tail: String::new() }).await;
    stage.until_status(id, SessionStatus::Failed).await;
    assert!(stage.error(id).contains("Please log in first"), "{}", stage.error(id));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_ends_without_a_word_fails_the_turn_too() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    drop(agent);
    stage.until_status(id, SessionStatus::Failed).await;
    assert!(!stage.error(id).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_turn_keeps_the_agents_words_and_says_why() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.says(AgentEvent::ContentDelta { text: "let me".into() }).await;
    agent.says(AgentEvent::Failed { error: "overloaded".into() }).await;
    stage.until_status(id, SessionStatus::Failed).await;
    assert_eq!(stage.error(id), "overloaded");
    assert_eq!(stage.transcript(id), ["user: fix the build", "assistant: let me"]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_end_of_a_turn_does_not_change_its_status() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.completes().await;
    agent.says(AgentEvent::Failed { error: "too late".into() }).await;
    agent.answers("one more thing").await;
    agent.script.exit(Exit { status: ExitStatus::Code(7), stderr_tail: String::new() }).await;
    stage
        .until("the late message", |state| state.session(id).is_some_and(|it| it.transcript().messages().len() == 2))
        .await;
    assert_eq!(stage.status(id), SessionStatus::Completed);
    assert_eq!(stage.error(id), "");
}

#[tokio::test(start_paused = true)]
async fn one_agents_end_is_invisible_in_its_neighbour() {
    let mut stage = Stage::set().await;
    let (first, first_agent) = stage.started().await;
    let (second, second_agent) = stage.started().await;
    drop(first_agent);
    stage.until_status(first, SessionStatus::Failed).await;
    second_agent.answers("still here").await;
    second_agent.completes().await;
    stage.until_status(second, SessionStatus::Completed).await;
    assert_eq!(stage.transcript(second), ["user: fix the build", "assistant: still here"]);
}

#[tokio::test(start_paused = true)]
async fn warnings_limits_and_the_unknown_do_not_end_a_turn() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    let limit = RateLimit { status: RateLimitStatus::Warning, resets_at: None, kind: Some("weekly".into()) };
    agent.says(AgentEvent::Warning { message: "retrying".into() }).await;
    agent.says(AgentEvent::RateLimit(limit.clone())).await;
    agent.says(AgentEvent::Unknown { kind: "future".into(), raw: json!({}) }).await;
    stage.until("the limit", |state| state.rate_limits().get("one") == Some(&limit)).await;
    assert_eq!(stage.status(id), SessionStatus::Running);
    assert_eq!(stage.error(id), "retrying");
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    assert_eq!(stage.error(id), "", "a turn that ended well has no error");
}

#[tokio::test(start_paused = true)]
async fn a_message_by_the_agents_program_is_kept_as_such() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.says(AgentEvent::Message(MessageBody::text(Role::System, "context compacted"))).await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    assert_eq!(stage.transcript(id)[1], "system: context compacted");
}
