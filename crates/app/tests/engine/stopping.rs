//! Aborting, deleting, shutting down.

use std::ffi::OsString;
use std::fs;
use std::time::Duration;

use switchboard::engine::{ApprovalPolicy, EngineConfig, EngineError, ShutdownEnd};
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, ApprovalState, RequestId, SessionStatus};
use switchboard_sidecar::StopPolicy;
use switchboard_store::testing::CommitStep;
use tempfile::TempDir;

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn an_aborted_session_says_so_once_its_agent_is_gone() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.says(AgentEvent::ContentDelta { text: "I was about".into() }).await;
    agent.asks("apr_1").await;
    stage.until("asked", |state| state.session(id).is_some_and(|it| it.pending_approvals().next().is_some())).await;
    assert_eq!(stage.engine.abort(id).await, Ok(true));

    assert_eq!(agent.script.stopped_with(), Some(StopPolicy::GRACEFUL));
    assert_eq!(stage.status(id), SessionStatus::Aborted);
    let session = stage.session(id);
    let approval = session.approval(&RequestId::new("apr_1")).expect("kept");
    assert!(matches!(approval.state, ApprovalState::Cancelled { .. }), "{approval:?}");
    assert_eq!(stage.transcript(id)[1], "assistant: I was about");
    assert_eq!(stage.engine.abort(id).await, Ok(false), "there is nothing left to abort");
}

#[tokio::test(start_paused = true)]
async fn aborting_never_waits_for_the_disk() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    stage.store.flush().await.expect("saved");
    stage.database.fail_all_commits(CommitStep::NotWritten);
    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "go on").await });
    stage.until_status(id, SessionStatus::Running).await;

    let began = tokio::time::Instant::now();
    stage.engine.abort(id).await.expect("stopped");
    assert!(began.elapsed() < Duration::from_secs(1), "it took {:?}", began.elapsed());
    assert_eq!(sending.await.expect("no panic"), Err(EngineError::Stopped));
    assert_eq!(stage.status(id), SessionStatus::Aborted);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_session_can_go_on_with_a_new_agent() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    stage.until("known", |state| state.session(id).is_some_and(|it| it.session().agent_session_id.is_some())).await;
    stage.engine.abort(id).await.expect("stopped");
    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "go on").await });
    let mut second = stage.next_agent().await;
    let AgentCommand::Start(start) = second.command().await else { panic!("not a start") };
    assert!(start.resume.is_some());
    sending.await.expect("no panic").expect("sent");
    assert_eq!(stage.status(id), SessionStatus::Running);
}

#[tokio::test(start_paused = true)]
async fn deleting_a_session_ends_its_agent_first() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    let (other, _other_agent) = stage.started().await;
    stage.engine.delete_session(id).await.expect("deleted");
    assert!(agent.script.stopped_with().is_some());
    assert!(stage.store.read(|state| state.session(id).is_none()));
    assert!(!agent.script.say(AgentEvent::ContentDelta { text: "late".into() }).await);
    assert_eq!(stage.status(other), SessionStatus::Running);
    assert!(stage.database.database().transcript(id).is_empty());
}

#[tokio::test]
async fn what_its_agent_remembers_goes_with_a_session_and_that_of_others_stays() {
    let (mut stage, folder) = stage_with_conversations().await;
    let (id, _agent) = stage.started().await;
    let (other, _other_agent) = stage.started().await;
    for session in [id, other] {
        fs::write(folder.path().join(format!("{session}.json")), "{}").expect("written");
    }
    stage.engine.delete_session(id).await.expect("deleted");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("there").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, [OsString::from(format!("{other}.json"))]);
}

#[tokio::test]
async fn a_session_whose_agent_s_memory_cannot_be_removed_is_still_there_and_says_so() {
    let (mut stage, folder) = stage_with_conversations().await;
    let (id, _agent) = stage.started().await;
    fs::create_dir(folder.path().join(format!("{id}.json"))).expect("created");
    let refused = stage.engine.delete_session(id).await;
    assert!(matches!(refused, Err(EngineError::NotDeleted(_))), "{refused:?}");
    assert_eq!(stage.status(id), SessionStatus::Aborted);
}

async fn stage_with_conversations() -> (Stage, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let conversations = Some(folder.path().to_owned());
    (Stage::set_with(EngineConfig { conversations, ..EngineConfig::default() }).await, folder)
}

#[tokio::test(start_paused = true)]
async fn clearing_a_session_starts_its_transcript_and_its_agent_s_conversation_anew() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    let agent_session_id = Some(AgentSessionId::new("conversation-1"));
    agent.says(AgentEvent::Completed { agent_session_id, total_cost: None }).await;
    stage.until_status(id, SessionStatus::Completed).await;
    assert!(stage.session(id).session().agent_session_id.is_some());
    stage.engine.clear_session(id).await.expect("cleared");
    assert_eq!(stage.transcript(id), [""; 0]);
    assert!(stage.database.database().transcript(id).is_empty());
    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "anew").await });
    let AgentCommand::Start(start) = stage.next_agent().await.command().await else { panic!("not a start") };
    assert_eq!(start.resume, None);
    sending.await.expect("no panic").expect("sent");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_every_agent_and_takes_no_more_orders() {
    let mut stage = Stage::set().await;
    let (busy, mut busy_agent) = stage.started().await;
    let (idle, idle_agent) = stage.started().await;
    idle_agent.completes().await;
    stage.until_status(idle, SessionStatus::Completed).await;

    assert_eq!(stage.engine.shutdown(ShutdownEnd::Interrupted).await, [busy]);
    assert!(busy_agent.script.stopped_with().is_some());
    assert_eq!(stage.status(busy), SessionStatus::Interrupted);
    assert_eq!(stage.status(idle), SessionStatus::Completed);
    assert_eq!(stage.engine.send(idle, "more").await, Err(EngineError::ShuttingDown));
    let new = stage.new_session();
    let late = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    assert_eq!(late, Err(EngineError::ShuttingDown));
}
