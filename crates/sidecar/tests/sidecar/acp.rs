//! Whole sessions with an agent of the Agent Client Protocol, in a process of its own.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Answer, RequestId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, ExitStatus, LineEvent, NotSent, ProcessLauncher, ProtocolKind, SendError,
    StopPolicy, StoppedBy,
};

use crate::stage::{PATIENCE, example, living_of, read_all, read_until, session};

fn peer() -> AgentSpec {
    AgentSpec::new("peer", ProtocolKind::Acp, example("acp_peer"))
}

/// A line on which `prompt` was sent first, or why it was not.
async fn begin(agent: &AgentSpec, prompt: &str, resume: Option<&str>) -> (AgentLine, Result<(), SendError>) {
    let session = session();
    let start = StartSession {
        session_id: session.session_id,
        project_path: session.working_dir.clone(),
        prompt: prompt.into(),
        model: None,
        max_budget: None,
        resume: resume.map(AgentSessionId::new),
    };
    let line = ProcessLauncher::new().launch(agent, session).await.expect("starts");
    let sent = line.send(AgentCommand::Start(start)).await;
    (line, sent)
}

const fn ends_turn(event: &LineEvent) -> bool {
    matches!(event, LineEvent::Agent(AgentEvent::Completed { .. } | AgentEvent::Failed { .. }))
}

/// What was said up to the end of the turn, one word for each event that is no piece of another.
async fn turn(line: &mut AgentLine) -> Vec<String> {
    let events = read_until(line, ends_turn).await;
    events.into_iter().filter_map(word).collect()
}

fn word(event: LineEvent) -> Option<String> {
    Some(match event {
        LineEvent::Agent(AgentEvent::SessionStarted { agent_session_id }) => {
            format!("started {}", agent_session_id.as_ref().map_or("", AgentSessionId::as_str))
        }
        LineEvent::Agent(AgentEvent::Message(body)) => format!("said {}", body.content),
        LineEvent::Agent(AgentEvent::ToolUse(call)) => format!("used {}", call.name),
        LineEvent::Agent(AgentEvent::ToolResult(result)) => format!("got {}", result.output),
        LineEvent::Agent(AgentEvent::ApprovalRequested(request)) => format!("asked {}", request.request_id.as_str()),
        LineEvent::Agent(AgentEvent::ApprovalWithdrawn { .. }) => "withdrew".into(),
        LineEvent::Agent(AgentEvent::Completed { .. }) => "completed".into(),
        LineEvent::Agent(AgentEvent::Failed { error }) => format!("failed {error}"),
        LineEvent::Agent(AgentEvent::ContentDelta { .. }) => return None,
        other => format!("{other:?}"),
    })
}

async fn end(line: AgentLine) {
    let stopped = tokio::time::timeout(PATIENCE, line.stop(StopPolicy::GRACEFUL)).await.expect("stops");
    assert_eq!(stopped.by, StoppedBy::Asking);
}

#[tokio::test]
async fn a_prompt_and_a_follow_up_are_served_by_one_process() {
    let (mut line, sent) = begin(&peer(), "hello", None).await;
    assert_eq!(sent, Ok(()));
    assert_eq!(turn(&mut line).await, ["started new", "said well, hello", "completed"]);
    assert_eq!(line.send(AgentCommand::SendMessage { text: "again".into() }).await, Ok(()));
    assert_eq!(turn(&mut line).await, ["said well, again", "completed"]);
    end(line).await;
}

#[rstest]
#[case::yes(Answer::ALLOW, "got \"\"")]
#[case::no(Answer::Deny, r#"got {"status":"failed","output":""}"#)]
#[tokio::test]
async fn a_tool_waits_for_its_answer(#[case] answer: Answer, #[case] result: &str) {
    let (mut line, _sent) = begin(&peer(), "tool", None).await;
    let asks = |event: &LineEvent| matches!(event, LineEvent::Agent(AgentEvent::ApprovalRequested(_)));
    let before: Vec<String> = read_until(&mut line, asks).await.into_iter().filter_map(word).collect();
    assert_eq!(before, ["started new", "said well, ", "used execute", "asked call/ask"]);
    let answer = AgentCommand::AnswerApproval { request_id: RequestId::new("call/ask"), answer };
    assert_eq!(line.send(answer).await, Ok(()));
    assert_eq!(turn(&mut line).await, [result, "completed"]);
    end(line).await;
}

#[rstest]
#[case::in_mid_stream("slow", &["said well, ", "completed"])]
#[case::with_an_open_approval("tool", &["withdrew", "completed"])]
#[tokio::test]
async fn a_stopped_turn_leaves_the_agent_usable(#[case] prompt: &str, #[case] rest: &[&str]) {
    let (mut line, _sent) = begin(&peer(), prompt, None).await;
    let is_busy = |event: &LineEvent| match event {
        LineEvent::Agent(AgentEvent::ApprovalRequested(_)) => true,
        LineEvent::Agent(AgentEvent::ContentDelta { .. }) => prompt == "slow",
        _ => false,
    };
    read_until(&mut line, is_busy).await;
    assert_eq!(line.send(AgentCommand::Abort).await, Ok(()));
    assert_eq!(turn(&mut line).await, rest);
    assert_eq!(line.send(AgentCommand::SendMessage { text: "again".into() }).await, Ok(()));
    assert_eq!(turn(&mut line).await, ["said well, again", "completed"]);
    end(line).await;
}

#[tokio::test]
async fn an_error_fails_the_turn_and_not_the_agent() {
    let (mut line, _sent) = begin(&peer(), "fail", None).await;
    assert_eq!(turn(&mut line).await, ["started new", "said well, ", "failed out of luck"]);
    assert_eq!(line.send(AgentCommand::SendMessage { text: "again".into() }).await, Ok(()));
    assert_eq!(turn(&mut line).await, ["said well, again", "completed"]);
    end(line).await;
}

#[tokio::test]
async fn a_crash_in_mid_turn_leaves_what_was_said() {
    let (mut line, _sent) = begin(&peer(), "crash", None).await;
    let events = read_all(&mut line).await;
    assert!(matches!(events.last(), Some(LineEvent::Exited(exit)) if exit.status == ExitStatus::Code(3)), "{events:?}");
    let words: Vec<String> = events.into_iter().filter_map(word).take(2).collect();
    assert_eq!(words, ["started new", "said well, "]);
}

#[tokio::test]
async fn a_conversation_goes_on_in_a_new_process_and_is_not_told_again() {
    let (mut line, _sent) = begin(&peer(), "hello", Some("kept")).await;
    assert_eq!(turn(&mut line).await, ["started kept", "said well, hello", "completed"]);
    end(line).await;
}

#[tokio::test]
async fn a_conversation_that_is_gone_takes_no_prompt() {
    let (line, sent) = begin(&peer(), "hello", Some("lost")).await;
    let why = "the agent cannot go on with the conversation lost: no such session";
    assert_eq!(sent, Err(SendError::NotSent(NotSent::Refused(why.into()))));
    end(line).await;
}

#[tokio::test]
async fn an_agent_that_ignores_the_end_of_its_input_is_ended_all_the_same() {
    let agent = peer().with_args(["stay"]);
    let session = session();
    let line = ProcessLauncher::new().launch(&agent, session.clone()).await.expect("starts");
    let policy = StopPolicy { asking: Duration::from_millis(200), ..StopPolicy::GRACEFUL };
    let stopped = tokio::time::timeout(PATIENCE, line.stop(policy)).await.expect("stops");
    assert_eq!(stopped.by, StoppedBy::Terminating);
    assert!(living_of(session.session_id).is_empty());
}
