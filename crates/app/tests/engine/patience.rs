//! Turns that take too long, and agents that say nothing.

use std::time::Duration;

use switchboard::engine::{EngineConfig, Limits, Notice, Patience};
use switchboard_domain::{Answer, RequestId, SessionStatus};

use crate::stage::{Stage, limited};

const MINUTE: Duration = Duration::from_mins(1);

fn config() -> EngineConfig {
    let patience = Patience { turn_timeout: Some(60 * MINUTE), stuck_after: Some(10 * MINUTE) };
    limited(Limits { patience, ..Limits::default() })
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_says_nothing_is_flagged_once_and_may_go_on() {
    let mut stage = Stage::set_with(config()).await;
    let (id, agent) = stage.started().await;
    tokio::time::sleep(9 * MINUTE).await;
    assert_eq!((stage.error(id), stage.notices.all()), (String::new(), vec![]));
    tokio::time::sleep(11 * MINUTE).await;
    assert_eq!(stage.error(id), "no output for 10 min: the agent may be stuck");
    assert_eq!(stage.notices.all(), [Notice::Stuck(id)]);
    assert_eq!(stage.status(id), SessionStatus::Running, "whether it is stuck is for a person to say");

    agent.answers("that took a while").await;
    stage.until("taken back", |state| state.session(id).is_some_and(|it| it.session().error.is_none())).await;
    agent.completes().await;
    stage.until_status(id, SessionStatus::Completed).await;
    tokio::time::sleep(600 * MINUTE).await;
    assert_eq!(stage.notices.all(), [Notice::Stuck(id), Notice::Completed(id)], "between turns silence is right");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_takes_too_long_is_stopped_however_much_it_says() {
    let mut stage = Stage::set_with(config()).await;
    let (id, mut agent) = stage.started().await;
    for _ in 0..11 {
        tokio::time::sleep(5 * MINUTE).await;
        agent.answers("still at it").await;
    }
    assert_eq!(stage.status(id), SessionStatus::Running);
    tokio::time::sleep(6 * MINUTE).await;
    stage.until_status(id, SessionStatus::Failed).await;
    assert!(agent.script.stopped_with().is_some());
    assert!(stage.error(id).starts_with("stopped: the turn took 60 min"), "{}", stage.error(id));
    assert_eq!(stage.notices.all(), [Notice::Failed(id)]);
}

#[tokio::test(start_paused = true)]
async fn while_a_person_is_asked_nobody_is_impatient_with_the_agent() {
    let mut stage = Stage::set_with(config()).await;
    let (id, agent) = stage.started().await;
    agent.asks("apr_1").await;
    stage.until("asked", |state| state.session(id).is_some_and(|it| it.pending_approvals().next().is_some())).await;
    tokio::time::sleep(600 * MINUTE).await;
    assert_eq!((stage.status(id), stage.error(id)), (SessionStatus::Running, String::new()));
    let answering = tokio::spawn({
        let engine = stage.engine.clone();
        async move { engine.answer(id, &RequestId::new("apr_1"), Answer::ALLOW).await }
    });
    let mut agent = agent;
    agent.command().await;
    answering.await.expect("no panic").expect("answered");
    tokio::time::sleep(11 * MINUTE).await;
    assert!(stage.notices.all().contains(&Notice::Stuck(id)), "now it is its own silence");
}
