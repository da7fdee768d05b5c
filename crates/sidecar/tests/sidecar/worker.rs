//! A sidecar written with the `worker` module, through a real line.

use switchboard_domain::{AgentCommand, AgentEvent, Answer, MessageBody, Role};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, ExitStatus, LineEvent, ProcessLauncher, ProtocolKind, StopPolicy, StoppedBy,
};

use crate::stage::{example, is_completed, read_until, session, start, text};

async fn echo(prompt: &str) -> AgentLine {
    let agent = AgentSpec::new("echo", ProtocolKind::Native, example("echo_sidecar"));
    let mut session = session();
    session.prompt = prompt.into();
    let line = ProcessLauncher::new().launch(&agent, session.clone()).await.expect("starts");
    line.send(start(&session)).await.expect("sent");
    line
}

fn message(events: &[LineEvent]) -> Option<&MessageBody> {
    events.iter().find_map(|event| match event {
        LineEvent::Agent(AgentEvent::Message(body)) => Some(body),
        _ => None,
    })
}

#[tokio::test]
async fn a_conversation_of_two_turns_and_an_end() {
    let mut line = echo("hello there").await;
    let events = read_until(&mut line, is_completed).await;
    assert!(matches!(&events[0], LineEvent::Agent(AgentEvent::SessionStarted { agent_session_id: Some(_) })));
    assert_eq!(text(&events), ["hello ", "there"]);
    assert_eq!(message(&events), Some(&MessageBody::text(Role::Assistant, "hello there")));

    line.send(AgentCommand::SendMessage { text: "again".into() }).await.expect("sent");
    assert_eq!(text(&read_until(&mut line, is_completed).await), ["again"]);

    let stopped = line.stop(StopPolicy::GRACEFUL).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
    assert_eq!(stopped.exit.map(|exit| exit.status), Some(ExitStatus::Code(0)));
}

#[tokio::test]
async fn an_approval_makes_its_round_trip() {
    let mut line = echo("wake up!").await;
    let asks = |event: &LineEvent| matches!(event, LineEvent::Agent(AgentEvent::ApprovalRequested(_)));
    let events = read_until(&mut line, asks).await;
    let Some(LineEvent::Agent(AgentEvent::ApprovalRequested(request))) = events.iter().find(|event| asks(event)) else {
        unreachable!("it was read");
    };
    let answer = AgentCommand::AnswerApproval { request_id: request.request_id.clone(), answer: Answer::ALLOW };
    line.send(answer).await.expect("sent");
    let events = read_until(&mut line, is_completed).await;
    assert_eq!(message(&events).map(|body| body.content.as_str()), Some("WAKE UP!"));
    let _stopped = line.stop(StopPolicy::NOW).await;
}

#[tokio::test]
async fn stopping_in_the_middle_of_a_turn_aborts_it() {
    let mut line = echo("wake up!").await;
    read_until(&mut line, |event| matches!(event, LineEvent::Agent(AgentEvent::ApprovalRequested(_)))).await;
    let stopped = line.stop(StopPolicy::GRACEFUL).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
    let aborted = LineEvent::Agent(AgentEvent::Failed { error: "aborted".into() });
    assert_eq!(stopped.last_events, [aborted], "its last words are kept");
}
