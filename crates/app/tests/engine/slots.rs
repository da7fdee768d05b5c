//! How many agents work at once, and what becomes of those that wait.

use std::num::NonZeroUsize;
use std::time::Duration;

use switchboard::engine::{ApprovalPolicy, EngineConfig, Limits, ShutdownEnd, Slots};
use switchboard_domain::{AgentCommand, SessionId, SessionStatus, WaitingReason};
use switchboard_sidecar::StopPolicy;

use crate::stage::{Agent, Stage, limited};

fn at_once(agents_max: usize) -> Slots {
    Slots { agents_max: NonZeroUsize::new(agents_max).expect("some"), ..Slots::default() }
}

fn config(slots: Slots) -> EngineConfig {
    limited(Limits { slots, ..Limits::default() })
}

/// Starts a session that has to wait: that returns at once, with the prompt saved.
async fn waiting(stage: &mut Stage) -> SessionId {
    let id = stage.engine.start_session(stage.new_session(), ApprovalPolicy::Ask).await.expect("accepted");
    assert!(stage.nothing_was_launched());
    assert_eq!(stage.status(id), SessionStatus::Running);
    assert_eq!(stage.database.database().transcript(id).len(), 1, "the prompt is on disk");
    id
}

fn reason(stage: &Stage, id: SessionId) -> Option<WaitingReason> {
    stage.session(id).waiting().map(|waiting| waiting.reason.clone())
}

/// The session whose agent is launched next.
async fn next(stage: &mut Stage) -> (SessionId, Agent) {
    let mut agent = stage.next_agent().await;
    assert!(matches!(agent.command().await, AgentCommand::Start(_)));
    (agent.session.session_id, agent)
}

#[tokio::test(start_paused = true)]
async fn the_rest_waits_in_order_and_says_so() {
    let mut stage = Stage::set_with(config(at_once(2))).await;
    let (first, agent) = stage.started().await;
    let (_second, _agent) = stage.started().await;
    let (third, fourth) = (waiting(&mut stage).await, waiting(&mut stage).await);
    assert_eq!(reason(&stage, third), Some(WaitingReason::Slot));
    tokio::time::sleep(Duration::from_mins(5)).await;
    agent.completes().await;
    let (called, agent) = next(&mut stage).await;
    assert_eq!((called, reason(&stage, third)), (third, None));
    assert!(stage.nothing_was_launched(), "one slot became free, not two");
    stage.until_status(first, SessionStatus::Completed).await;
    agent.completes().await;
    assert_eq!(next(&mut stage).await.0, fourth);
    stage.until_status(third, SessionStatus::Completed).await;
    assert!(stage.session(third).session().elapsed < Duration::from_mins(1), "time in line is no work");
}

#[tokio::test(start_paused = true)]
async fn a_queued_message_lines_up_behind_those_that_wait_already() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (first, mut agent) = stage.started().await;
    stage.engine.send(first, "and then").await.expect("queued");
    let second = waiting(&mut stage).await;
    agent.completes().await;
    let (called, second_agent) = next(&mut stage).await;
    assert_eq!(called, second);
    assert_eq!(reason(&stage, first), Some(WaitingReason::Slot));
    assert_eq!(stage.session(first).queue().len(), 1, "it can still be edited and taken back");
    second_agent.completes().await;
    assert_eq!(agent.command().await, AgentCommand::SendMessage { text: "and then".into() });
    stage.until_status(first, SessionStatus::Running).await;
    assert_eq!(reason(&stage, first), None);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_can_be_aborted_at_once_and_gives_up_its_place() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (_first, agent) = stage.started().await;
    let (second, third) = (waiting(&mut stage).await, waiting(&mut stage).await);
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(stage.engine.abort(second).await, Ok(true));
    assert_eq!((stage.status(second), reason(&stage, second)), (SessionStatus::Aborted, None));
    assert!(stage.session(second).session().elapsed < Duration::from_mins(1), "time in line is no work");
    agent.completes().await;
    assert_eq!(next(&mut stage).await.0, third);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_one_that_waits_is_queued() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (_first, agent) = stage.started().await;
    let second = waiting(&mut stage).await;
    stage.engine.send(second, "more").await.expect("queued");
    assert_eq!(stage.session(second).queue().len(), 1);
    agent.completes().await;
    let (_, mut agent) = next(&mut stage).await;
    agent.completes().await;
    assert_eq!(agent.command().await, AgentCommand::SendMessage { text: "more".into() });
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_cannot_be_started_when_its_turn_comes_fails_the_session() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (_first, agent) = stage.started().await;
    let (second, third) = (waiting(&mut stage).await, waiting(&mut stage).await);
    stage.launcher.fail_next();
    agent.completes().await;
    assert_eq!(next(&mut stage).await.0, third, "and the slot goes to the next");
    assert_eq!(stage.status(second), SessionStatus::Failed);
    assert!(stage.error(second).starts_with("Failed to start agent"), "{}", stage.error(second));
    assert!(stage.notices.all().contains(&switchboard::engine::Notice::Failed(second)));
}

#[tokio::test(start_paused = true)]
async fn one_that_waited_when_the_plug_was_pulled_is_interrupted_with_its_prompt() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (_first, _agent) = stage.started().await;
    let second = waiting(&mut stage).await;
    let stage = stage.crash(config(at_once(1))).await;
    assert_eq!((stage.status(second), reason(&stage, second)), (SessionStatus::Interrupted, None));
    assert_eq!(stage.session(second).transcript().last_seq().get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_nobody_in_any_more() {
    let mut stage = Stage::set_with(config(at_once(1))).await;
    let (first, _agent) = stage.started().await;
    let second = waiting(&mut stage).await;
    assert_eq!(stage.engine.shutdown(ShutdownEnd::Interrupted).await, [first, second]);
    assert_eq!((stage.status(second), reason(&stage, second)), (SessionStatus::Interrupted, None));
    assert!(stage.nothing_was_launched());
}

#[tokio::test(start_paused = true)]
async fn an_idle_agent_ends_after_a_while_and_the_next_prompt_resumes_it() {
    let mut stage = Stage::set_with(config(at_once(4))).await;
    let (id, mut agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    let (other, mut forgetful) = stage.started().await;
    forgetful.completes().await;
    stage.until_status(other, SessionStatus::Completed).await;
    tokio::time::sleep(Duration::from_mins(14)).await;
    assert_eq!(agent.script.stopped_with(), None);
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(agent.script.stopped_with(), Some(StopPolicy::GRACEFUL));
    assert_eq!(forgetful.script.stopped_with(), None, "nobody could go on with its conversation");

    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "go on").await });
    let mut again = stage.next_agent().await;
    let AgentCommand::Start(start) = again.command().await else { panic!("not a start") };
    assert!(start.resume.is_some());
    sending.await.expect("no panic").expect("sent");
}

#[tokio::test(start_paused = true)]
async fn an_idle_agent_makes_room_for_one_that_waits_for_memory() {
    let memory_max = Some(300 << 20);
    let mut stage = Stage::set_with(config(Slots { memory_max, ..at_once(9) })).await;
    let (first, mut agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    let second = waiting(&mut stage).await;
    assert_eq!(reason(&stage, second), Some(WaitingReason::Memory), "an unmeasured agent counts 256 MiB");
    agent.completes().await;
    assert_eq!(next(&mut stage).await.0, second);
    stage.until_status(first, SessionStatus::Completed).await;
    assert!(agent.script.stopped_with().is_some());
}
