//! One gate for each agent account: nobody hammers one that is exhausted.

use std::time::Duration;

use switchboard::engine::{ApprovalPolicy, EngineConfig, Notice};
use switchboard_domain::{
    AgentCommand, AgentEvent, NewSession, RateLimit, RateLimitStatus, SessionId, SessionStatus, Timestamp,
    WaitingReason,
};

use crate::stage::{Agent, Stage};

const HOUR: Duration = Duration::from_hours(1);

async fn reports(agent: &Agent, status: RateLimitStatus, resets_at: Option<Timestamp>) {
    agent.says(AgentEvent::RateLimit(RateLimit { status, resets_at, kind: Some("five_hour".into()) })).await;
}

/// A session whose agent says that its account is exhausted, and fails.
async fn exhaust(stage: &mut Stage, resets_at: Option<Timestamp>) -> SessionId {
    let (id, agent) = stage.started().await;
    reports(&agent, RateLimitStatus::Rejected, resets_at).await;
    agent.says(AgentEvent::Failed { error: "usage limit reached".into() }).await;
    stage.until_status(id, SessionStatus::Failed).await;
    id
}

async fn start(stage: &Stage, agent: &str) -> SessionId {
    let new = NewSession { agent: agent.into(), ..stage.new_session() };
    stage.engine.start_session(new, ApprovalPolicy::Ask).await.expect("accepted")
}

fn reason(stage: &Stage, id: SessionId) -> Option<WaitingReason> {
    stage.session(id).waiting().map(|waiting| waiting.reason.clone())
}

async fn next(stage: &mut Stage) -> Agent {
    let mut agent = stage.next_agent().await;
    assert!(matches!(agent.command().await, AgentCommand::Start(_)));
    agent
}

#[tokio::test(start_paused = true)]
async fn five_sessions_do_not_hammer_an_exhausted_account() {
    let mut stage = Stage::set().await;
    let until = stage.store.now().after(5 * HOUR);
    let doomed = exhaust(&mut stage, Some(until)).await;
    let account = "one".to_owned();
    let notice = Notice::RateLimited { session: doomed, account: account.clone(), until };
    assert_eq!(stage.notices.all(), [notice, Notice::Failed(doomed)]);
    let mut waiting = vec![];
    for agent in ["one", "two", "one", "two"] {
        waiting.push(start(&stage, agent).await);
    }
    for id in &waiting {
        assert_eq!(reason(&stage, *id), Some(WaitingReason::RateLimit { account: account.clone(), until }));
        assert_eq!(stage.status(*id), SessionStatus::Running);
    }
    tokio::time::sleep(Duration::from_mins(5 * 60 - 1)).await;
    assert!(stage.nothing_was_launched(), "nobody begins before the reset");

    let probe = next(&mut stage).await;
    assert!(stage.store.now() >= until);
    assert_eq!(probe.session.session_id, waiting[0], "first come, first served");
    tokio::time::sleep(HOUR).await;
    assert!(stage.nothing_was_launched(), "one finds out for all");
    assert!(matches!(reason(&stage, waiting[1]), Some(WaitingReason::Probe { .. })));
    probe.says(AgentEvent::ContentDelta { text: "hello".into() }).await;
    for id in &waiting[1..] {
        assert_eq!(next(&mut stage).await.session.session_id, *id, "the rest goes on by itself");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_still_exhausted_costs_one_start_and_no_more() {
    let mut stage = Stage::set().await;
    exhaust(&mut stage, None).await;
    let (first, second) = (start(&stage, "one").await, start(&stage, "one").await);
    let doomed = next(&mut stage).await;
    reports(&doomed, RateLimitStatus::Rejected, None).await;
    doomed.says(AgentEvent::Failed { error: "usage limit reached".into() }).await;
    stage.until_status(first, SessionStatus::Failed).await;
    let began = stage.store.now();
    assert!(stage.nothing_was_launched());
    next(&mut stage).await;
    let rested = stage.store.now().since(began);
    assert!(rested >= Duration::from_mins(2) && rested < Duration::from_mins(3), "the rest doubles: {rested:?}");
    assert_eq!(reason(&stage, second), None);
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_send_everybody_there_again() {
    let mut stage = Stage::set().await;
    let until = stage.store.now().after(HOUR);
    exhaust(&mut stage, Some(until)).await;
    stage.store.flush().await.expect("saved");
    let mut stage = stage.crash(EngineConfig::default()).await;
    let (first, second) = (start(&stage, "one").await, start(&stage, "two").await);
    assert!(stage.nothing_was_launched());
    tokio::time::sleep(Duration::from_mins(58)).await;
    let probe = next(&mut stage).await;
    assert_eq!(probe.session.session_id, first);
    assert!(stage.nothing_was_launched());
    probe.completes().await;
    assert_eq!(next(&mut stage).await.session.session_id, second);
    assert!(stage.store.read(|state| !state.settings().contains_key("exhausted_accounts")), "it works again");
}

#[tokio::test(start_paused = true)]
async fn a_warning_changes_nothing() {
    let mut stage = Stage::set().await;
    let (_first, agent) = stage.started().await;
    let resets_at = Some(stage.store.now().after(HOUR));
    reports(&agent, RateLimitStatus::Warning, resets_at).await;
    stage.until("known", |state| state.rate_limits().contains_key("one")).await;
    stage.started().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_a_reset_can_be_aborted() {
    let mut stage = Stage::set().await;
    let until = stage.store.now().after(HOUR);
    exhaust(&mut stage, Some(until)).await;
    let id = start(&stage, "one").await;
    assert_eq!(stage.engine.abort(id).await, Ok(true));
    assert_eq!((stage.status(id), reason(&stage, id)), (SessionStatus::Aborted, None));
    tokio::time::sleep(2 * HOUR).await;
    assert!(stage.nothing_was_launched());
}
