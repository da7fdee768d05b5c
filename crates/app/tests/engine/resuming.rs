//! Going on with sessions that were cut off.

use switchboard::engine::{EngineConfig, EngineError, Resumed, ShutdownEnd};
use switchboard_domain::{AgentCommand, AgentSessionId, SessionStatus};

use crate::stage::Stage;

/// Resumes, and gives what the agent that is started for it is told.
async fn resumed(stage: &mut Stage, id: switchboard_domain::SessionId, message: Option<&str>) -> (Resumed, String) {
    let (engine, message) = (stage.engine.clone(), message.map(str::to_owned));
    let resuming = tokio::spawn(async move { engine.resume(id, message).await });
    let mut agent = stage.next_agent().await;
    let AgentCommand::Start(start) = agent.command().await else { panic!("not a start") };
    let resumed = resuming.await.expect("no panic").expect("resumed");
    assert_eq!(stage.status(id), SessionStatus::Running);
    (resumed, start.prompt)
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_was_never_answered_is_told_again_and_stands_in_the_transcript_once() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    stage.store.flush().await.expect("saved");
    drop(agent);
    let mut stage = stage.crash(EngineConfig::default()).await;
    assert_eq!(stage.status(id), SessionStatus::Interrupted);
    let (resumed, told) = resumed(&mut stage, id, None).await;
    assert_eq!((resumed, told.as_str()), (Resumed::Again("fix the build".into()), "fix the build"));
    assert_eq!(stage.transcript(id), ["user: fix the build"]);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_had_begun_to_answer_is_told_to_continue_its_own_conversation() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    agent.answers("half of it").await;
    stage.until("the answer", |state| state.session(id).is_some_and(|it| it.transcript().last_seq().get() == 2)).await;
    stage.store.flush().await.expect("saved");
    let mut stage = stage.crash(EngineConfig::default()).await;
    let engine = stage.engine.clone();
    let resuming = tokio::spawn(async move { engine.resume(id, None).await });
    let mut second = stage.next_agent().await;
    let AgentCommand::Start(start) = second.command().await else { panic!("not a start") };
    assert_eq!((start.prompt.as_str(), start.resume), ("continue", Some(AgentSessionId::new("agents-own-id"))));
    assert_eq!(resuming.await.expect("no panic"), Ok(Resumed::With("continue".into())));
    assert_eq!(stage.transcript(id), ["user: fix the build", "assistant: half of it", "user: continue"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_instead_goes_before_the_unanswered_prompt() {
    let mut stage = Stage::set().await;
    let (id, _agent) = stage.started().await;
    stage.engine.abort(id).await.expect("stopped");
    let (resumed, told) = resumed(&mut stage, id, Some("rather do that")).await;
    assert_eq!((resumed, told.as_str()), (Resumed::With("rather do that".into()), "rather do that"));
}

#[tokio::test(start_paused = true)]
async fn what_runs_or_came_to_its_end_is_not_resumed_and_stays_as_it_is() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    let refused = |status| Err(EngineError::NothingToResume { status });
    assert_eq!(stage.engine.resume(id, None).await, refused(SessionStatus::Running));
    assert_eq!(stage.status(id), SessionStatus::Running);
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    assert_eq!(stage.engine.resume(id, None).await, refused(SessionStatus::Completed));
    assert_eq!(stage.status(id), SessionStatus::Completed);
    stage.engine.shutdown(ShutdownEnd::Interrupted).await;
    assert_eq!(stage.engine.resume(id, None).await, Err(EngineError::ShuttingDown));
}
