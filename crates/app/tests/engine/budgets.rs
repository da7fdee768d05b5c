//! What may be spent, enforced whatever agents make of it.

use rstest::rstest;
use switchboard::engine::{ApprovalPolicy, Budget, Budgets, EngineConfig, EngineError, Limits, Notice, Slots};
use switchboard_domain::{AgentEvent, Cost, MessageBody, Role, SessionStatus, Usage};

use crate::stage::{Agent, Stage, limited};

fn tokens(tokens: u64) -> Budget {
    Budget { money: None, tokens: Some(tokens) }
}

fn usd(dollars: f64) -> Budget {
    Budget { money: Cost::from_usd(dollars), tokens: None }
}

fn config(budgets: Budgets) -> EngineConfig {
    limited(Limits { budgets, ..Limits::default() })
}

fn of_session(session: Budget) -> EngineConfig {
    config(Budgets { session, ..Budgets::default() })
}

fn of_day(day: Budget) -> EngineConfig {
    config(Budgets { day, ..Budgets::default() })
}

async fn uses(agent: &Agent, tokens: u64) {
    let usage = Some(Usage { output_tokens: tokens, ..Usage::default() });
    agent.says(AgentEvent::Message(MessageBody { usage, ..MessageBody::text(Role::Assistant, "word") })).await;
}

async fn completes_for(agent: &Agent, dollars: f64) {
    let total_cost = Cost::from_usd(dollars);
    agent.says(AgentEvent::Completed { agent_session_id: None, total_cost }).await;
}

#[rstest]
#[case::of_the_session(of_session(tokens(100)), "the session has used 120 tokens, its budget is 100")]
#[case::of_the_day(of_day(tokens(100)), "all sessions of today have used 120 tokens, the day's budget is 100")]
#[tokio::test(start_paused = true)]
async fn a_turn_that_crosses_its_budget_is_stopped(#[case] config: EngineConfig, #[case] said: &str) {
    let mut stage = Stage::set_with(config).await;
    let (id, mut agent) = stage.started().await;
    uses(&agent, 60).await;
    agent.answers("free of charge").await;
    stage.until("said", |state| state.session(id).is_some_and(|it| it.transcript().messages().len() == 3)).await;
    assert_eq!(stage.status(id), SessionStatus::Running);
    uses(&agent, 60).await;
    stage.until_status(id, SessionStatus::Interrupted).await;
    assert!(stage.error(id).starts_with(&format!("stopped: {said}: raise `limits.")), "{}", stage.error(id));
    assert!(agent.script.stopped_with().is_some());
    assert_eq!(stage.transcript(id).len(), 4, "what it said is kept");
    assert_eq!(stage.notices.all(), [Notice::OverBudget(id)]);
    let refused = stage.engine.send(id, "go on").await;
    assert!(matches!(refused, Err(EngineError::BudgetSpent(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn sessions_share_the_days_budget() {
    let mut stage = Stage::set_with(of_day(usd(1.0))).await;
    let (first, first_agent) = stage.started().await;
    let (second, mut second_agent) = stage.started().await;
    completes_for(&first_agent, 0.6).await;
    stage.until_status(first, SessionStatus::Completed).await;
    assert_eq!(stage.status(second), SessionStatus::Running);

    let (third, third_agent) = stage.started().await;
    completes_for(&third_agent, 0.5).await;
    stage.until_status(second, SessionStatus::Interrupted).await;
    assert_eq!(stage.status(third), SessionStatus::Completed, "it came to its end by itself");
    assert!(second_agent.script.stopped_with().is_some());
    assert!(stage.error(second).contains("all sessions of today have cost $1.1000"), "{}", stage.error(second));
    let new = stage.new_session();
    let refused = stage.engine.start_session(new, ApprovalPolicy::Ask).await;
    assert!(matches!(refused, Err(EngineError::BudgetSpent(_))), "{refused:?}");
    assert!(stage.nothing_was_launched());
}

#[tokio::test(start_paused = true)]
async fn what_was_spent_today_survives_a_crash_and_not_the_night() {
    let mut stage = Stage::set_with(of_day(tokens(100))).await;
    let (id, agent) = stage.started().await;
    uses(&agent, 100).await;
    stage.until_status(id, SessionStatus::Interrupted).await;
    stage.store.flush().await.expect("saved");

    let mut stage = stage.crash(of_day(tokens(100))).await;
    assert!(matches!(stage.engine.send(id, "go on").await, Err(EngineError::BudgetSpent(_))));
    tokio::time::sleep(std::time::Duration::from_hours(24)).await;
    stage.started().await;
}

#[tokio::test(start_paused = true)]
async fn one_whose_turn_comes_when_the_day_is_spent_does_not_begin() {
    let slots = Slots { agents_max: std::num::NonZeroUsize::MIN, ..Slots::default() };
    let budgets = Budgets { day: usd(1.0), ..Budgets::default() };
    let mut stage = Stage::set_with(limited(Limits { slots, budgets, ..Limits::default() })).await;
    let (_first, agent) = stage.started().await;
    let waiting = stage.engine.start_session(stage.new_session(), ApprovalPolicy::Ask).await.expect("accepted");
    completes_for(&agent, 1.0).await;
    stage.until_status(waiting, SessionStatus::Failed).await;
    assert!(stage.error(waiting).contains("the day's budget is $1.0000"), "{}", stage.error(waiting));
    assert!(stage.nothing_was_launched());
    assert!(stage.notices.all().contains(&Notice::OverBudget(waiting)));
}
