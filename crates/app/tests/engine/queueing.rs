//! Messages typed while the agent is busy.

use switchboard::engine::{EngineError, SendOutcome};
use switchboard_domain::{AgentCommand, AgentEvent, Delivery, SessionId, SessionStatus};
use switchboard_sidecar::{Lost, NotSent};
use switchboard_store::testing::CommitStep;

use crate::stage::{Agent, Stage};

fn queue(stage: &Stage, id: SessionId) -> Vec<(String, Delivery)> {
    stage.session(id).queue().map(|message| (message.content.clone(), message.delivery)).collect()
}

async fn expect_message(agent: &mut Agent, text: &str) {
    assert_eq!(agent.command().await, AgentCommand::SendMessage { text: text.into() });
}

#[tokio::test(start_paused = true)]
async fn messages_to_a_busy_agent_are_sent_in_order_as_its_turns_end() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    for text in ["first", "second"] {
        let outcome = stage.engine.send(id, text).await;
        assert!(matches!(outcome, Ok(SendOutcome::Queued(_))), "{outcome:?}");
    }
    agent.completes().await;
    expect_message(&mut agent, "first").await;
    stage.until("the first left the queue", |state| state.session(id).is_some_and(|it| it.queue().len() == 1)).await;
    assert_eq!(stage.status(id), SessionStatus::Running);
    agent.completes().await;
    expect_message(&mut agent, "second").await;
    agent.completes().await;
    stage
        .until("all done", |state| {
            state
                .session(id)
                .is_some_and(|it| it.queue().len() == 0 && it.session().status() == SessionStatus::Completed)
        })
        .await;
    assert_eq!(stage.transcript(id), ["user: fix the build", "user: first", "user: second"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_stays_in_the_queue_until_the_agent_has_it() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    stage.engine.send(id, "next").await.expect("queued");
    agent.completes().await;
    let pending = agent.script.next_pending().await.expect("a command");
    assert_eq!(queue(&stage, id), [("next".into(), Delivery::Sending)], "it is being sent, and still there");
    pending.delivered();
    stage.until("it left the queue", |state| state.session(id).is_some_and(|it| it.queue().len() == 0)).await;
    assert_eq!(stage.transcript(id).last().map(String::as_str), Some("user: next"));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_may_have_arrived_waits_for_a_person() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    stage.engine.send(id, "next").await.expect("queued");
    agent.completes().await;
    agent.script.next_pending().await.expect("a command").lost(Lost::LineBroke);
    stage
        .until("unknown", |state| {
            state.session(id).is_some_and(|it| it.queue().any(|message| message.delivery == Delivery::Unknown))
        })
        .await;
    assert!(stage.error(id).contains("still in the queue"), "{}", stage.error(id));
    assert!(stage.nothing_was_launched(), "it is not sent again by itself");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_surely_did_not_arrive_waits_again() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    stage.engine.send(id, "next").await.expect("queued");
    agent.completes().await;
    stage.launcher.fail_next();
    agent.script.next_pending().await.expect("a command").not_sent(NotSent::LineOver);
    stage.until("an error", |state| state.session(id).is_some_and(|it| it.session().error.is_some())).await;
    assert_eq!(queue(&stage, id), [("next".into(), Delivery::Waiting)]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_turn_keeps_its_queue() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    stage.engine.send(id, "next").await.expect("queued");
    agent.says(AgentEvent::Failed { error: "no".into() }).await;
    stage.until_status(id, SessionStatus::Failed).await;
    assert_eq!(queue(&stage, id), [("next".into(), Delivery::Waiting)]);
}

#[tokio::test(start_paused = true)]
async fn queued_messages_can_be_changed_and_taken_back() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    let first = stage.engine.queue(id, "first").await.expect("queued");
    let second = stage.engine.queue(id, "second").await.expect("queued");
    stage.engine.edit_queued(id, second.id, "second, better").await.expect("edited");
    assert_eq!(stage.engine.cancel_queued(id, first.id).await.expect("cancelled").content, "first");
    agent.completes().await;
    expect_message(&mut agent, "second, better").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_saved_is_not_acknowledged() {
    let mut stage = Stage::set().await;
    let (id, _agent) = stage.started().await;
    stage.database.fail_all_commits(CommitStep::NotWritten);
    let outcome = stage.engine.queue(id, "next").await;
    assert!(matches!(outcome, Err(EngineError::NotSaved { .. })), "{outcome:?}");
}
