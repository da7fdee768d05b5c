//! Saying more to a session whose turn is over.

use rstest::rstest;
use switchboard::engine::{Budget, Budgets, EngineError, Limits, SendOutcome};
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Cost, SessionStatus};
use switchboard_sidecar::{Exit, ExitStatus, Lost, NotSent};

use crate::stage::{Stage, limited};

#[tokio::test(start_paused = true)]
async fn a_follow_up_goes_to_the_worker_that_is_there() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;

    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "and the tests?").await });
    assert_eq!(agent.command().await, AgentCommand::SendMessage { text: "and the tests?".into() });
    assert_eq!(sending.await.expect("no panic"), Ok(SendOutcome::Delivered));
    assert_eq!(stage.status(id), SessionStatus::Running);
    assert_eq!(stage.transcript(id), ["user: fix the build", "user: and the tests?"]);
    assert!(stage.nothing_was_launched());
}

#[tokio::test(start_paused = true)]
async fn without_a_worker_a_new_one_resumes_the_conversation_and_costs_add_up() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    agent.says(AgentEvent::Completed { agent_session_id: None, total_cost: Cost::from_usd(1.0) }).await;
    agent.script.exit(Exit { status: ExitStatus::Code(0), stderr_tail: String::new() }).await;
    stage.until_status(id, SessionStatus::Completed).await;

    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "go on").await });
    let mut second = stage.next_agent().await;
    let AgentCommand::Start(start) = second.command().await else { panic!("not a start") };
    assert_eq!((start.prompt.as_str(), start.resume), ("go on", Some(AgentSessionId::new("agents-own-id"))));
    assert_eq!(sending.await.expect("no panic"), Ok(SendOutcome::Delivered));
    second.says(AgentEvent::Completed { agent_session_id: None, total_cost: Cost::from_usd(0.25) }).await;
    stage.until_status(id, SessionStatus::Completed).await;
    let cost = stage.session(id).session().cost;
    assert_eq!(Some(cost), Cost::from_usd(1.25), "each process counts from zero");
}

#[tokio::test(start_paused = true)]
async fn when_the_worker_is_gone_and_no_other_starts_the_session_fails() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    drop(agent);
    stage.launcher.fail_next();
    let outcome = stage.engine.send(id, "go on").await;
    assert!(matches!(outcome, Err(EngineError::NotStarted(_))), "{outcome:?}");
    assert_eq!(stage.status(id), SessionStatus::Failed);
    assert!(stage.error(id).starts_with("Failed to start agent: "), "{}", stage.error(id));
    assert_eq!(stage.transcript(id).last().map(String::as_str), Some("user: go on"));
}

#[rstest]
#[case::it_ended(NotSent::LineOver)]
#[case::it_does_not_listen(NotSent::Deaf(std::time::Duration::from_secs(5)))]
#[tokio::test(start_paused = true)]
async fn a_worker_that_surely_did_not_get_it_is_replaced(#[case] why: NotSent) {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.starts_turn("agents-own-id").await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;

    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "go on").await });
    agent.script.next_pending().await.expect("a command").not_sent(why);
    let mut second = stage.next_agent().await;
    assert!(matches!(second.command().await, AgentCommand::Start(_)));
    assert_eq!(sending.await.expect("no panic"), Ok(SendOutcome::Delivered));
    assert_eq!(stage.status(id), SessionStatus::Running, "the old worker's end is not the new turn's");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_arrived_is_not_sent_twice() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    let engine = stage.engine.clone();
    let sending = tokio::spawn(async move { engine.send(id, "pay the bill").await });
    agent.script.next_pending().await.expect("a command").lost(Lost::LineBroke);
    let outcome = sending.await.expect("no panic");
    assert!(matches!(outcome, Err(EngineError::DeliveryUnknown(_))), "{outcome:?}");
    assert!(stage.nothing_was_launched());
    assert_eq!(stage.status(id), SessionStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_not_there_is_an_error() {
    let stage = Stage::set().await;
    let id = stage.new_session().id;
    assert_eq!(stage.engine.send(id, "hello?").await, Err(EngineError::SessionNotFound));
    assert_eq!(stage.engine.abort(id).await, Err(EngineError::SessionNotFound));
}

#[tokio::test(start_paused = true)]
async fn no_turn_begins_once_the_budget_is_spent() {
    let budget = Cost::from_usd(1.0);
    let session = Budget { money: budget, tokens: None };
    let budgets = Limits { budgets: Budgets { session, ..Budgets::default() }, ..Limits::default() };
    let mut stage = Stage::set_with(limited(budgets)).await;
    let (id, agent) = stage.started().await;
    stage.engine.queue(id, "queued meanwhile").await.expect("queued");
    agent.says(AgentEvent::Completed { agent_session_id: None, total_cost: budget }).await;
    stage.until("the queue waits", |state| state.session(id).is_some_and(|it| it.session().error.is_some())).await;
    assert_eq!(stage.session(id).queue().len(), 1, "what is queued stays");

    stage.engine.cancel_queued(id, stage.session(id).queue().next().expect("one").id).await.expect("cancelled");
    let outcome = stage.engine.send(id, "more").await;
    assert!(matches!(outcome, Err(EngineError::BudgetSpent { .. })), "{outcome:?}");
    assert_eq!(stage.transcript(id), ["user: fix the build"], "what is refused leaves no trace");
    assert_eq!(stage.status(id), SessionStatus::Completed);
}
