//! Starting a session.

use std::time::Duration;

use switchboard::engine::{ApprovalPolicy, EngineError};
use switchboard_domain::{AgentCommand, SessionStatus};
use switchboard_store::Persistence;
use switchboard_store::testing::CommitStep;

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn the_agent_gets_the_prompt_once_session_and_prompt_are_on_disk() {
    let mut stage = Stage::set().await;
    let new = stage.new_session();
    let id = new.id;
    let engine = stage.engine.clone();
    let starting = tokio::spawn(async move { engine.start_session(new, ApprovalPolicy::Ask).await });
    let mut agent = stage.next_agent().await;

    assert_eq!(stage.database.database().transcript(id).len(), 1, "the prompt is saved before there is an agent");
    let AgentCommand::Start(start) = agent.command().await else { panic!("not a start") };
    assert_eq!((start.prompt.as_str(), start.resume, start.session_id), ("fix the build", None, id));
    assert_eq!(agent.session.working_dir, std::path::Path::new("/project"));
    assert_eq!(starting.await.expect("no panic"), Ok(id));
    assert_eq!(stage.status(id), SessionStatus::Running);
    assert_eq!(stage.transcript(id), ["user: fix the build"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_database_leaves_no_session_and_starts_no_process() {
    let mut stage = Stage::set().await;
    stage.database.fail_all_commits(CommitStep::NotWritten);
    let new = stage.new_session();
    let outcome = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    assert!(matches!(outcome, Err(EngineError::NotCreated(_))), "{outcome:?}");
    assert!(stage.store.read(|state| state.sessions().next().is_none() && state.error().is_some()));
    assert!(stage.nothing_was_launched());

    stage.database.heal();
    stage.store.flush().await.expect("saved");
    assert!(stage.database.sessions().await.expect("read").is_empty(), "nothing of it may be left on disk");
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_cannot_be_saved_is_not_sent() {
    let mut stage = Stage::set().await;
    let new = stage.new_session();
    let id = new.id;
    // The session itself is saved, its prompt is not.
    stage.database.script([CommitStep::Pass]);
    stage.database.fail_all_commits(CommitStep::NotWritten);
    let outcome = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    crate::stage::assert_not_saved(&outcome);
    assert!(stage.nothing_was_launched());
    assert_eq!(stage.status(id), SessionStatus::Failed);
    assert!(stage.error(id).starts_with("not saved, not sent"), "{}", stage.error(id));
    assert_eq!(stage.transcript(id), ["user: fix the build"], "the text stays for another try");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_cannot_be_started_fails_the_session() {
    let stage = Stage::set().await;
    stage.launcher.fail_next();
    let new = stage.new_session();
    let id = new.id;
    let outcome = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    assert!(matches!(outcome, Err(EngineError::NotStarted(_))), "{outcome:?}");
    assert_eq!(stage.status(id), SessionStatus::Failed);
    assert!(stage.error(id).starts_with("Failed to start agent: "), "{}", stage.error(id));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_agent_makes_no_session() {
    let stage = Stage::set().await;
    let new = switchboard_domain::NewSession { agent: "three".into(), ..stage.new_session() };
    let outcome = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    assert_eq!(outcome, Err(EngineError::UnknownAgent { name: "three".into(), known: "one, two".into() }));
    assert!(stage.store.read(|state| state.sessions().next().is_none()));
}

#[tokio::test(start_paused = true)]
async fn starting_the_same_session_twice_sends_one_prompt() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    let again = switchboard_domain::NewSession { id, ..stage.new_session() };
    assert_eq!(stage.engine.start_session(again, ApprovalPolicy::Ask).await, Ok(id));
    assert_eq!(stage.transcript(id).len(), 1);
    let second = tokio::time::timeout(Duration::from_secs(1), agent.script.next_command()).await;
    assert!(second.is_err(), "nothing more is sent: {second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_caller_went_away_goes_on() {
    let mut stage = Stage::set().await;
    stage.database.block_commits();
    let new = stage.new_session();
    let id = new.id;
    let gone = tokio::time::timeout(Duration::from_millis(10), stage.engine.start_session(new, ApprovalPolicy::Ask));
    assert!(gone.await.is_err(), "nothing can be saved yet");
    stage.database.release_commits();
    let mut agent = stage.next_agent().await;
    assert!(matches!(agent.command().await, AgentCommand::Start(_)));
    assert_eq!(stage.status(id), SessionStatus::Running);
}
