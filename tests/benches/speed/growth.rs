//! How cost grows as there is more: ten, a hundred and a thousand times the work, and the power that fits.
//!
//! A little above one is noise, or the logarithm of a tree; two would be a loop in a loop.

use std::time::{Duration, Instant};

use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{Store, StoreConfig};
use switchboard_tests::measure::{Goal, Growth, Report};
use switchboard_tests::workload;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Nothing may be worse than n log n.
const GOAL: Goal = Goal::Exponent(1.15);

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let mut measure = |name: &str, amounts: [u64; 4], work: &dyn Fn(u64) -> Duration| {
        let [least, ..] = amounts;
        // Once for the caches, so that the first amount does not pay for them.
        work(least);
        report.add(&Growth::of(&amounts, work).figure(name), None, GOAL);
    };
    let amounts = |least: u64| [least, least * 10, least * 100, least * 1_000];
    measure("100 … 100,000 messages of one session, saved", amounts(100), &|count| runtime.block_on(messages(count)));
    measure("1,000 … 1,000,000 pieces of streamed text", amounts(1_000), &|count| runtime.block_on(deltas(count)));
    measure("1 … 1,000 subscribers", amounts(1), &|count| runtime.block_on(subscribers(count)));
    measure("10 … 10,000 sessions created", amounts(10), &|count| runtime.block_on(sessions(count)));
}

async fn messages(count: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let id = workload::sessions(&store, 1).await[0];
    let began = Instant::now();
    for number in 0..count {
        store.ready().await;
        let _receipt = store.append_message(id, workload::message(number)).expect("the session is there");
    }
    store.flush().await.expect("the disk takes everything");
    let took = began.elapsed();
    workload::close(store).await;
    took
}

async fn deltas(count: u64) -> Duration {
    let store = in_memory();
    let id = workload::sessions(&store, 1).await[0];
    let began = Instant::now();
    for _ in 0..count {
        store.ready().await;
        store.stream_content(id, "a few words, ").expect("the session is there");
    }
    let took = began.elapsed();
    workload::close(store).await;
    took
}

/// How long a thousand changes take to reach so many subscribers.
async fn subscribers(count: u64) -> Duration {
    const CHANGES: u64 = 1_000;
    let store = in_memory();
    let id = workload::sessions(&store, 1).await[0];
    let last = store.revision().get() + CHANGES;
    let mut readers = JoinSet::new();
    for _ in 0..count {
        let (_, mut changes) = store.subscribe();
        readers.spawn(async move {
            while changes.seen().get() < last {
                changes.next().await.expect("it keeps up");
            }
        });
    }
    let began = Instant::now();
    for _ in 0..CHANGES {
        store.stream_content(id, "a few words, ").expect("the session is there");
    }
    readers.join_all().await;
    let took = began.elapsed();
    workload::close(store).await;
    took
}

async fn sessions(count: u64) -> Duration {
    let store = in_memory();
    let began = Instant::now();
    workload::sessions(&store, usize::try_from(count).expect("small")).await;
    let took = began.elapsed();
    workload::close(store).await;
    took
}

fn in_memory() -> Store {
    Store::start(MemoryPersistence::new(), StoreConfig::default())
}
