//! How long a word takes from the agent's mouth to whoever listens and to the disk, with a hundred agents that say ten
//! thousand things a second together.
//!
//! Baselines: the same agents and a reader that does nothing but read, which is what the machine can do; and for the
//! disk the same run without checkpoints.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use switchboard_store::testing::{Call, FaultyPersistence};
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Goal, Report, Samples};
use switchboard_tests::workload;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::ingest::{rogue, start_line};
use crate::listening::{Heard, listen, said_at, since};

/// A busy day.
const AGENTS: usize = 100;
/// Five seconds of talk from each.
const EVENTS_EACH: usize = 500;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let bare = runtime.block_on(reading_alone());
    let heard = runtime.block_on(through_everything(Checkpoints::Made));
    let without = runtime.block_on(through_everything(Checkpoints::Never));
    let (name, goal) = ("10,000 events/s, line to subscriber", Goal::Within(Duration::from_micros(500)));
    heard.subscriber.report(name, Some(("reading alone", &bare)), goal, report);
    let (name, goal) = ("10,000 events/s, line to durable", Goal::Within(Duration::from_millis(20)));
    heard.durable.report(name, Some(("without checkpoints", &without.durable)), goal, report);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checkpoints {
    Made,
    Never,
}

async fn through_everything(checkpoints: Checkpoints) -> Heard {
    let folder = tempfile::tempdir().expect("a folder");
    let database = FaultyPersistence::new(workload::database(&folder.path().join("home")).await);
    if checkpoints == Checkpoints::Never {
        database.fail(Call::Maintain, u64::MAX);
    }
    let crew = Crew::hire_on(folder.path(), database);
    let (_, subscription) = crew.store().subscribe();
    let listener = tokio::spawn(listen(subscription, crew.store().clone(), AGENTS * EVENTS_EACH));
    crew.start(AGENTS, &format!("pacer {EVENTS_EACH}")).await;
    let heard = listener.await.expect("it listens to the end");
    crew.wait_for_the_end().await;
    crew.dismiss().await;
    heard
}

/// The same agents on bare pipes, each with a task that reads its lines and parses them.
async fn reading_alone() -> Samples {
    let mut readers = JoinSet::new();
    for _ in 0..AGENTS {
        let mut child = Command::from(rogue());
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().expect("it can be started");
        readers.spawn(async move {
            let prompt = start_line(&format!("pacer {EVENTS_EACH}"));
            let mut stdin = child.stdin.take().expect("a pipe was asked for");
            stdin.write_all(prompt.as_bytes()).await.expect("it reads");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe was asked for")).lines();
            let mut heard = Samples::default();
            while let Some(line) = lines.next_line().await.expect("it is UTF-8") {
                let event: Value = serde_json::from_str(&line).expect("it is JSON");
                let text = event["delta"].as_str().or_else(|| event["content"].as_str());
                heard.extend(text.and_then(said_at).map(since));
            }
            child.wait().await.expect("it is our child");
            heard
        });
    }
    readers.join_all().await.into_iter().reduce(Samples::and).expect("there are readers")
}
