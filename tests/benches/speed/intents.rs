//! How long a person waits until a word of theirs is on disk, with fifty agents busy.
//!
//! Baseline: rusqlite on an idle machine, one row a transaction, which is one flush of the disk.

use std::time::Duration;

use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Goal, Report, Samples};
use tokio::runtime::Runtime;

/// Busier than anybody's day.
const AGENTS: usize = 50;
/// Enough to see one in a thousand.
const INTENTS: usize = 2_000;
/// Longer than all intents take.
const PACED_EVENTS: usize = 6_000;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let flushes = one_row_commits();
    let acknowledged = runtime.block_on(intents());
    let goal = Goal::Within(Duration::from_millis(50));
    let name = format!("intent acknowledged, {AGENTS} busy agents");
    acknowledged.report(&name, Some(("rusqlite, idle, one row a commit", &flushes)), goal, report);
}

async fn intents() -> Samples {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    crew.start(AGENTS, &format!("pacer {PACED_EVENTS}")).await;
    let store = crew.store().clone();
    let id = crew.quiet_session().await;
    let acknowledged = Samples::of_async(INTENTS, async || {
        let queued = store.queue_message(id, "and then the tests").expect("there is room").durable().await;
        let queued = queued.expect("the disk takes it");
        let _receipt = store.cancel_queued(id, queued.id).expect("it is there");
    })
    .await;
    let still_busy = store.read(|state| state.sessions().filter(|it| !it.session().status().is_final()).count());
    assert!(still_busy >= AGENTS, "the agents were busy to the end");
    crew.dismiss().await;
    acknowledged
}

fn one_row_commits() -> Samples {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = rusqlite::Connection::open(folder.path().join("plain.db")).expect("a database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("it takes");
    connection.pragma_update(None, "synchronous", "FULL").expect("it takes");
    connection.execute_batch("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)").expect("it takes");
    let mut insert = connection.prepare("INSERT INTO words (word) VALUES ('and then the tests')").expect("it is fine");
    Samples::of(INTENTS, || _ = insert.execute(()).expect("the disk takes it"))
}
