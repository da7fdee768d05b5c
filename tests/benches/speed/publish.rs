//! Apply and publish: how many changes a second reach every subscriber, in memory.
//!
//! Baseline: tokio's broadcast channel with the same changes and the same subscribers, which does
//! nothing but carry them.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchboard_domain::{Change, SessionChange, SessionId};
use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{IdSource, Store, StoreConfig, Subscription, SubscriptionError, SystemIds};
use switchboard_tests::measure::{Figure, Goal, Report};
use switchboard_tests::workload;
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

/// Enough to run for about a second.
const CHANGES: u64 = 1_000_000;
/// Fewer with many subscribers: each change is read by all of them.
const CHANGES_FOR_MANY: u64 = 300_000;
/// As many as a busy person has.
const SESSIONS: usize = 100;
/// What an agent sends at a time.
const DELTA: &str = "a few words, ";
/// How far the producer may be ahead: a flat-out loop would measure only how subscribers lag.
const AHEAD_MAX: u64 = 20_000;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let goals = [(1, CHANGES, Goal::None), (10, CHANGES, Goal::Rate(1e6)), (100, CHANGES_FOR_MANY, Goal::Rate(4e5))];
    for (subscribers, changes, goal) in goals {
        let baseline = runtime.block_on(tokio_broadcast(subscribers, changes));
        for by in [By::One, By::Run] {
            report.add(&runtime.block_on(store(subscribers, changes, by)), Some(&baseline), goal);
        }
    }
}

/// How subscribers read.
#[derive(Clone, Copy, Debug)]
enum By {
    /// Change by change.
    One,
    /// All that is there at once, as what passes changes on to somebody else does.
    Run,
}

async fn store(subscribers: usize, changes: u64, by: By) -> Figure {
    let store = Store::start(MemoryPersistence::new(), StoreConfig::default());
    let sessions = workload::sessions(&store, SESSIONS).await;
    let last = store.revision().get() + changes;
    let (seen, mut slowest) = mpsc::channel(subscribers * 64);
    let mut readers = JoinSet::new();
    for _ in 0..subscribers {
        readers.spawn(read(store.subscribe().1, last, seen.clone(), by));
    }
    drop(seen);

    let began = Instant::now();
    for round in 0..changes / AHEAD_MAX {
        for number in 0..AHEAD_MAX {
            let index = usize::try_from(round * AHEAD_MAX + number).expect("small") % sessions.len();
            store.stream_content(sessions[index], DELTA).expect("the session is there");
        }
        for _ in 0..subscribers {
            slowest.recv().await.expect("readers stay to the end");
        }
    }
    let took = began.elapsed();
    let lagged: u64 = readers.join_all().await.into_iter().sum();
    assert_eq!(lagged, 0, "nothing may be skipped in a measurement");
    store.close(Duration::from_secs(10)).await.expect("memory takes everything");
    let how = match by {
        By::One => "",
        By::Run => ", by runs",
    };
    Figure::rate(format!("store, {subscribers} subscribers{how}"), changes, took)
}

/// Reads up to `last`, telling after every [`AHEAD_MAX`] changes. Gives how often it lagged.
async fn read(mut subscription: Subscription, last: u64, seen: mpsc::Sender<()>, by: By) -> u64 {
    let first = subscription.seen().get();
    let (mut lagged, mut told) = (0, 0);
    while subscription.seen().get() < last {
        let read = match by {
            By::One => subscription.next().await.map(|published| _ = black_box(published)),
            By::Run => subscription.next_run().await.map(|run| run.for_each(|published| _ = black_box(published))),
        };
        match read {
            Ok(()) => {}
            Err(SubscriptionError::Lagged) => lagged += 1,
            Err(SubscriptionError::Closed) => break,
        }
        while told < (subscription.seen().get() - first) / AHEAD_MAX {
            told += 1;
            seen.send(()).await.expect("the producer waits for it");
        }
    }
    lagged
}

async fn tokio_broadcast(subscribers: usize, changes: u64) -> Figure {
    let capacity = usize::try_from(2 * AHEAD_MAX).expect("small");
    let (sender, _) = broadcast::channel::<Arc<Change>>(capacity);
    let (seen, mut slowest) = mpsc::channel(subscribers * 64);
    let mut readers = JoinSet::new();
    for _ in 0..subscribers {
        let (mut receiver, seen) = (sender.subscribe(), seen.clone());
        readers.spawn(async move {
            for number in 1..=changes {
                receiver.recv().await.expect("the capacity is more than the producer is ahead");
                if number.is_multiple_of(AHEAD_MAX) {
                    seen.send(()).await.expect("the producer waits for it");
                }
            }
        });
    }
    let session_id = SessionId::new(SystemIds.next_id());
    let began = Instant::now();
    for _ in 0..changes / AHEAD_MAX {
        for _ in 0..AHEAD_MAX {
            let change = SessionChange::ContentStreamed { text: DELTA.to_owned() };
            sender.send(Arc::new(Change::Session { session_id, change })).expect("somebody listens");
        }
        for _ in 0..subscribers {
            slowest.recv().await.expect("readers stay to the end");
        }
    }
    let took = began.elapsed();
    readers.join_all().await;
    Figure::rate(format!("tokio broadcast, {subscribers} subscribers"), changes, took)
}
