//! One agent at full speed, and what that does to the others.
//!
//! Baseline: the same others without it.

use std::time::Duration;

use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Goal, Report};
use tokio::runtime::Runtime;

use crate::listening::{Heard, listen};

/// As many as a person has open.
const OTHERS: usize = 10;
/// Three seconds of talk from each.
const EVENTS_EACH: usize = 300;
/// More than it can say in that time.
const FLOOD: u64 = 100_000_000;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let calm = runtime.block_on(others(None));
    let flooded = runtime.block_on(others(Some(format!("flood {FLOOD}"))));
    let goal = Goal::Within(Duration::from_millis(50));
    let name = format!("line to subscriber of {OTHERS} others, one floods");
    flooded.subscriber.report(&name, Some(("no flood", &calm.subscriber)), goal, report);
    let name = format!("line to durable of {OTHERS} others, one floods");
    flooded.durable.report(&name, Some(("no flood", &calm.durable)), goal, report);
}

async fn others(disturbance: Option<String>) -> Heard {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    if let Some(prompt) = &disturbance {
        crew.start(1, prompt).await;
    }
    let (_, subscription) = crew.store().subscribe();
    let listener = tokio::spawn(listen(subscription, crew.store().clone(), OTHERS * EVENTS_EACH));
    crew.start(OTHERS, &format!("pacer {EVENTS_EACH}")).await;
    let heard = listener.await.expect("it listens to the end");
    crew.dismiss().await;
    heard
}
