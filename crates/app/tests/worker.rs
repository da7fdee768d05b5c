//! `switchboard worker` as the process that it is.

use std::time::{Duration, Instant};

use rstest::rstest;
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Answer, SessionId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, ExitStatus, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind,
    StopPolicy, StoppedBy,
};
use uuid::Uuid;

/// Nothing here takes nearly as long, even on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

async fn launch(launcher: &ProcessLauncher, prompt: &str, resume: Option<&str>) -> AgentLine {
    let agent = AgentSpec::new("builtin", ProtocolKind::Native, env!("CARGO_BIN_EXE_switchboard"))
        .with_args(["worker", "--seed", "7", "--speed", "0"]);
    let session_id = SessionId::new(Uuid::now_v7());
    let session = LaunchSession { prompt: prompt.to_owned(), ..LaunchSession::new(session_id, std::env::temp_dir()) };
    let line = launcher.launch(&agent, session.clone()).await.expect("starts");
    let start = StartSession {
        session_id,
        project_path: session.working_dir,
        prompt: session.prompt,
        model: None,
        max_budget: None,
        resume: resume.map(AgentSessionId::new),
    };
    line.send(AgentCommand::Start(start)).await.expect("sent");
    line
}

/// Everything up to the event that is `wanted`, or to the end of the line.
async fn read_until(line: &mut AgentLine, wanted: impl Fn(&LineEvent) -> bool) -> Vec<LineEvent> {
    let mut events = Vec::new();
    let reading = async {
        while line.recv_many(&mut events, 1).await > 0 {
            if events.last().is_some_and(&wanted) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("in time");
    events
}

fn is_completed(event: &LineEvent) -> bool {
    matches!(event, LineEvent::Agent(AgentEvent::Completed { .. }))
}

fn messages(events: &[LineEvent]) -> Vec<&str> {
    let contents = events.iter().filter_map(|event| match event {
        LineEvent::Agent(AgentEvent::Message(body)) => Some(body.content.as_str()),
        _ => None,
    });
    contents.collect()
}

#[tokio::test]
async fn a_conversation_goes_on_in_another_process() {
    let launcher = ProcessLauncher::new();
    let mut first = launch(&launcher, "fix the paging", None).await;
    let events = read_until(&mut first, is_completed).await;
    let Some(LineEvent::Agent(AgentEvent::Completed { agent_session_id: Some(id), total_cost: Some(_) })) =
        events.last()
    else {
        panic!("{events:?}");
    };
    assert!(!events.iter().any(|event| matches!(event, LineEvent::Fault(_))), "{events:?}");
    first.send(AgentCommand::SendMessage { text: "say and again".into() }).await.expect("sent");
    assert_eq!(messages(&read_until(&mut first, is_completed).await), ["and again"]);
    let stopped = first.stop(StopPolicy::GRACEFUL).await;
    assert_eq!((stopped.by, stopped.exit.map(|exit| exit.status)), (StoppedBy::Asking, Some(ExitStatus::Code(0))));

    let mut second = launch(&launcher, "say hello", Some(id.as_str())).await;
    let events = read_until(&mut second, is_completed).await;
    assert_eq!(messages(&events), [format!("I remember our conversation {id}. hello")]);
    let _stopped = second.stop(StopPolicy::GRACEFUL).await;
}

#[tokio::test]
async fn an_approval_waits_for_its_answer() {
    let mut line = launch(&ProcessLauncher::new(), "approve", None).await;
    let asks = |event: &LineEvent| matches!(event, LineEvent::Agent(AgentEvent::ApprovalRequested(_)));
    let events = read_until(&mut line, asks).await;
    let Some(LineEvent::Agent(AgentEvent::ApprovalRequested(request))) = events.last() else { panic!("{events:?}") };
    let request_id = request.request_id.clone();
    line.send(AgentCommand::AnswerApproval { request_id, answer: Answer::ALLOW }).await.expect("sent");
    let events = read_until(&mut line, is_completed).await;
    assert!(events.iter().any(|event| matches!(event, LineEvent::Agent(AgentEvent::ToolResult(_)))));
    let _stopped = line.stop(StopPolicy::GRACEFUL).await;
}

#[rstest]
#[case::by_crashing("crash", ExitStatus::Code(5))]
#[tokio::test]
async fn it_can_die_badly(#[case] prompt: &str, #[case] status: ExitStatus) {
    let mut line = launch(&ProcessLauncher::new(), prompt, None).await;
    let events = read_until(&mut line, |_| false).await;
    let Some(LineEvent::Exited(exit)) = events.last() else { panic!("{events:?}") };
    assert_eq!(exit.status, status);
    assert!(exit.stderr_tail.contains("crashed"), "{}", exit.stderr_tail);
}

#[tokio::test]
async fn one_that_hangs_can_be_stopped_politely() {
    let mut line = launch(&ProcessLauncher::new(), "hang", None).await;
    read_until(&mut line, |event| matches!(event, LineEvent::Agent(AgentEvent::ToolResult(_)))).await;
    let stopped = line.stop(StopPolicy::GRACEFUL).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
    assert_eq!(stopped.last_events.last(), Some(&LineEvent::Agent(AgentEvent::Failed { error: "aborted".into() })));
}

#[tokio::test]
async fn two_hundred_are_light() {
    let launcher = ProcessLauncher::new();
    let began = Instant::now();
    let mut lines = Vec::new();
    for _ in 0..200 {
        lines.push(launch(&launcher, "say hi", None).await);
    }
    let started = began.elapsed();
    let mut turns = tokio::task::JoinSet::new();
    for mut line in lines {
        turns.spawn(async move {
            assert_eq!(messages(&read_until(&mut line, is_completed).await), ["hi"]);
            line.stop(StopPolicy::GRACEFUL).await.by
        });
    }
    let stopped = tokio::time::timeout(PATIENCE, turns.join_all()).await.expect("all stop");
    assert!(stopped.into_iter().all(|by| by == StoppedBy::Asking));
    // The goal is half a second, and measured elsewhere; here, unoptimised and beside other tests, a bound
    // against accidents.
    assert!(started < Duration::from_secs(5), "took {started:?}");
}
