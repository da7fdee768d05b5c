//! A snapshot and every later change make up the state, whatever happens meanwhile.

use std::time::Duration;

use switchboard_domain::{Change, Revision};
use switchboard_store::{Published, State, StoreConfig, Subscription, SubscriptionError};
use tokio::time::timeout;

use crate::fixtures::{World, agent, numbers, unknown_session};

/// What two states must agree in: everything but what is in debug order only.
fn picture(state: &State) -> String {
    format!("{state:?}")
}

fn drain(state: &State, changes: &mut Subscription) -> State {
    let mut state = state.clone();
    while let Some(published) = changes.try_next().expect("kept") {
        state.apply(&published.change);
    }
    state
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_and_the_changes_after_it_make_the_state() {
    let world = World::start().await;
    let ids = world.sessions(3).await;
    let (snapshot, mut changes) = world.store.subscribe();
    for number in 0..1_000 {
        let id = ids[number % 3];
        world.store.stream_content(id, "x").expect("streamed");
        if number % 7 == 0 {
            world.say(id, &number.to_string());
        }
    }
    let _ = world.store.delete_session(ids[2]).expect("deleted");
    let rebuilt = drain(&snapshot, &mut changes);
    assert_eq!(picture(&rebuilt), picture(&world.store.snapshot()));
    assert_eq!(changes.seen(), world.store.revision());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_is_no_gap_between_snapshot_and_changes_however_many_write() {
    const WRITERS: usize = 4;
    const MESSAGES: usize = 500;
    let world = World::start().await;
    let ids = world.sessions(WRITERS).await;
    let writers: Vec<_> = ids
        .iter()
        .map(|id| {
            let (store, id) = (world.store.clone(), *id);
            tokio::spawn(async move {
                for number in 1..=MESSAGES {
                    let _ = store.append_message(id, agent(&number.to_string())).expect("appended");
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let readers: Vec<_> = (0..16)
        .map(|_| {
            let store = world.store.clone();
            let ids = ids.clone();
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                let (snapshot, mut changes) = store.subscribe();
                let mut state = (*snapshot).clone();
                let done = |state: &State| {
                    ids.iter()
                        .all(|id| state.session(*id).is_some_and(|it| it.transcript().messages().len() == MESSAGES))
                };
                let mut before = changes.seen();
                while !done(&state) {
                    let published = changes.next().await.expect("kept").clone();
                    assert_eq!(published.revision, before.next());
                    before = published.revision;
                    state.apply(&published.change);
                }
                state
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    for reader in readers {
        let state = timeout(Duration::from_secs(30), reader).await.expect("in time").expect("no gap");
        for id in &ids {
            let transcript = state.session(*id).expect("there").transcript();
            assert!(transcript.messages().map(|it| it.body.content.clone()).eq(numbers(1..=MESSAGES)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_falls_behind_is_told_and_goes_on_from_a_new_snapshot() {
    let world = World::with(StoreConfig { backlog_bytes_max: 100_000, ..StoreConfig::default() }).await;
    let id = world.session().await;
    let (_, mut changes) = world.store.subscribe();
    let (_, mut standing) = world.store.subscribe();
    for _ in 0..10_000 {
        world.store.stream_content(id, "x").expect("streamed");
    }
    let lagged = loop {
        match changes.next().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(lagged, SubscriptionError::Lagged);
    assert_eq!(changes.next().await.expect_err("until it takes a snapshot"), SubscriptionError::Lagged);
    let snapshot = changes.resync();
    world.say(id, "after");
    let rebuilt = drain(&snapshot, &mut changes);
    assert_eq!(picture(&rebuilt), picture(&world.store.snapshot()));
    let rebuilt = drain(&standing.resync(), &mut standing);
    assert_eq!(picture(&rebuilt), picture(&world.store.snapshot()));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_comes_back_to_where_it_was() {
    let world = World::start().await;
    let id = world.session().await;
    let seen = world.store.revision();
    for number in 1..=1_000 {
        world.say(id, &number.to_string());
    }
    let mut changes = world.store.resume(seen).expect("still kept");
    assert_eq!(changes.next().await.expect("there").revision, seen.next());
    let now = world.store.revision();
    let mut from_now = world.store.resume(now).expect("nothing missed");
    assert!(from_now.try_next().expect("kept").is_none());
    world.say(id, "next");
    assert_eq!(from_now.next().await.expect("there").revision, now.next());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_kept_or_never_was_cannot_be_resumed() {
    let world = World::with(StoreConfig { backlog_bytes_max: 100_000, ..StoreConfig::default() }).await;
    let id = world.session().await;
    let seen = world.store.revision();
    for _ in 0..10_000 {
        world.store.stream_content(id, "x").expect("streamed");
    }
    assert!(world.store.resume(seen).is_none());
    assert!(world.store.resume(world.store.revision().next()).is_none());
    assert!(world.store.resume(Revision::new(u64::MAX)).is_none());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_change_can_be_given_up_and_loses_nothing() {
    let world = World::start().await;
    let id = world.session().await;
    let (_, mut changes) = world.store.subscribe();
    assert!(timeout(Duration::from_millis(10), changes.next()).await.is_err());
    world.say(id, "hello");
    let published = timeout(Duration::from_secs(1), changes.next()).await.expect("woken").expect("there");
    assert!(matches!(published.change, Change::Session { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_the_store_after_the_last_change() {
    let world = World::start().await;
    let (_, mut changes) = world.store.subscribe();
    world.store.stream_content(unknown_session(), "x").expect_err("unknown");
    world.store.close(Duration::from_secs(1)).await.expect("closed");
    assert!(matches!(changes.next().await.expect("seen first").change, Change::OrphanReceived(_)));
    let end = timeout(Duration::from_secs(1), changes.next()).await.expect("told");
    assert_eq!(end.expect_err("no more"), SubscriptionError::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_waits_is_told_when_the_last_handle_is_gone() {
    let World { store, .. } = World::start().await;
    let (_, mut changes) = store.subscribe();
    let waits = tokio::spawn(async move { changes.next().await.map(|_| ()).expect_err("no change comes") });
    tokio::task::yield_now().await;
    drop(store);
    let end = timeout(Duration::from_secs(5), waits).await.expect("told").expect("no panic");
    assert_eq!(end, SubscriptionError::Closed);
}

#[tokio::test(start_paused = true)]
async fn runs_are_every_change_in_order_too() {
    let world = World::start().await;
    let id = world.session().await;
    let (_, mut changes) = world.store.subscribe();
    let mut before = changes.seen();
    for said in [1, 2, 1_000] {
        for number in 0..said {
            world.say(id, &number.to_string());
        }
        while before < world.store.revision() {
            let run: Vec<Revision> =
                changes.next_run().await.expect("kept").map(|published| published.revision).collect();
            assert!(!run.is_empty());
            for revision in run {
                assert_eq!(revision, before.next());
                before = revision;
            }
            assert_eq!(changes.seen(), before);
        }
    }
    assert!(timeout(Duration::from_millis(10), changes.next_run()).await.is_err(), "there is no more");
}

#[tokio::test(start_paused = true)]
async fn a_reader_in_a_flood_lets_others_run() {
    const FLOOD: usize = 10_000;
    let world = World::start().await;
    let id = world.session().await;
    let (_, mut changes) = world.store.subscribe();
    for _ in 0..FLOOD {
        world.store.stream_content(id, "x").expect("streamed");
    }
    let reader = tokio::spawn(async move {
        for _ in 0..FLOOD {
            changes.next().await.expect("kept");
        }
    });
    tokio::spawn(async {}).await.expect("no panic");
    assert!(!reader.is_finished(), "the other task, begun later, came first");
    reader.await.expect("no panic");
}

#[test]
fn a_change_is_small() {
    // Every subscriber reads each, and the backlog holds tens of thousands.
    assert!(size_of::<Change>() <= 144, "{}", size_of::<Change>());
    assert!(size_of::<Published>() <= 152, "{}", size_of::<Published>());
}
