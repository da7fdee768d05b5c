//! Floods, deafness, and what holds back whom.

use std::time::Duration;

use switchboard_domain::AgentCommand;
use switchboard_sidecar::{AgentLauncher, LineEvent, Lost, NotSent, ProcessLauncher, SendError, StopPolicy, StoppedBy};

use crate::stage::{PATIENCE, is_completed, launch, read_until, rogue, session, start, text};

#[tokio::test]
async fn a_flood_arrives_whole_and_in_order() {
    let (mut line, _) = launch(&rogue(&["flood", "100000"])).await;
    let events = read_until(&mut line, is_completed).await;
    let expected: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    assert_eq!(text(&events), expected);
    let _stopped = line.stop(StopPolicy::GRACEFUL).await;
}

#[tokio::test]
async fn an_agent_that_nobody_reads_waits_and_loses_nothing() {
    let (mut line, _) = launch(&rogue(&["flood", "50000"])).await;
    // It can write no more than the line and the pipe hold, so it cannot have finished however long we wait.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let events = read_until(&mut line, is_completed).await;
    assert_eq!(text(&events).len(), 50_000);
}

#[tokio::test]
async fn a_flood_nobody_reads_can_be_stopped() {
    let (line, session) = launch(&rogue(&["flood", "100000000"])).await;
    let stopped = line.stop(StopPolicy { asking: Duration::from_millis(100), ..StopPolicy::GRACEFUL }).await;
    assert!(stopped.by > StoppedBy::AlreadyOver && stopped.exit.is_some());
    assert!(crate::stage::living_of(session).is_empty());
}

#[tokio::test]
async fn commands_reach_an_agent_that_listens() {
    let (mut line, _) = launch(&rogue(&["echo"])).await;
    let large = "x".repeat(1 << 20);
    let sender = line.sender();
    let sent = tokio::spawn(async move { sender.send(AgentCommand::SendMessage { text: large }).await });
    let events = read_until(&mut line, |event| matches!(event, LineEvent::Agent(_))).await;
    assert!(text(&events)[0].parse::<usize>().expect("a length") > 1 << 20);
    assert_eq!(sent.await.expect("no panic"), Ok(()));
}

#[tokio::test]
async fn a_deaf_agent_keeps_nobody_waiting_and_all_is_told_exactly() {
    let mut agent = rogue(&["deaf"]);
    agent.limits.send_timeout = Duration::from_millis(100);
    let (line, _) = launch(&agent).await;
    let large = AgentCommand::SendMessage { text: "x".repeat(1 << 20) };
    assert_eq!(line.send(AgentCommand::Abort).await, Ok(()), "the pipe took it");
    assert_eq!(line.send(large).await, Err(SendError::Unknown(Lost::Stalled)), "the pipe took some of it");
    let third = line.send(AgentCommand::Abort).await;
    assert_eq!(third, Err(SendError::NotSent(NotSent::Deaf(Duration::from_millis(100)))), "the pipe was full");
    let stopped = tokio::time::timeout(PATIENCE, line.stop(StopPolicy::NOW)).await.expect("stops");
    assert_eq!(stopped.by, StoppedBy::Killing);
}

#[tokio::test]
async fn what_is_sent_to_a_dead_agent_is_known_not_to_have_arrived() {
    let (mut line, _) = launch(&rogue(&["exit", "0"])).await;
    crate::stage::read_all(&mut line).await;
    assert_eq!(line.send(AgentCommand::Abort).await, Err(SendError::NotSent(NotSent::LineOver)));
}

#[tokio::test]
async fn one_agents_flood_is_not_felt_by_another() {
    let launcher = ProcessLauncher::new();
    let flood = launcher.launch(&rogue(&["flood", "100000000"]), session()).await.expect("starts");
    let quiet = session();
    let mut line = launcher.launch(&rogue(&["echo"]), quiet.clone()).await.expect("starts");
    for _ in 0..100 {
        line.send(start(&quiet)).await.expect("sent");
        read_until(&mut line, |event| matches!(event, LineEvent::Agent(_))).await;
    }
    let _stopped = flood.stop(StopPolicy::NOW).await;
    let _stopped = line.stop(StopPolicy::NOW).await;
    launcher.all_gone().await;
}
