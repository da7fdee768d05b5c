//! What shows, and what is saved in the end, when the database fails for a while or for good.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{Health, Role, SessionStatus};
use switchboard_store::testing::{Call, CommitStep, FaultyPersistence, MemoryPersistence};
use switchboard_store::{NotSaved, Store, StoreConfig, Write};
use tokio::time::{Instant, sleep, timeout};

use crate::fixtures::{World, agent, eventually, numbers};

/// Every front end shows trouble this soon.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

fn is_healthy(world: &World) -> bool {
    world.store.read(|state| *state.health() == Health::Healthy)
}

async fn check_recovery(fail: impl FnOnce(&World)) {
    let world = World::start().await;
    let id = world.session().await;
    fail(&world);
    let began = Instant::now();
    for number in 1..=100 {
        world.say(id, &number.to_string());
    }
    let receipt = world.store.update_status(id, SessionStatus::Completed).expect("allowed");
    assert_eq!(world.shown(id), numbers(1..=100), "shown at once");
    assert_eq!(
        world.store.read(|state| state.session(id).map(|it| it.session().status())),
        Some(SessionStatus::Completed)
    );

    eventually(|| !is_healthy(&world)).await;
    assert!(began.elapsed() <= SHOWN_WITHIN, "degraded after {:?}", began.elapsed());
    sleep(Duration::from_secs(30)).await;
    assert!(world.saved(id).is_empty());
    let Health::Degraded { unsaved, .. } = world.store.read(|state| state.health().clone()) else {
        panic!("still broken, so still degraded");
    };
    assert_eq!(unsaved, 101);

    world.database.heal();
    timeout(SHOWN_WITHIN, receipt.durable()).await.expect("soon").expect("saved without a restart");
    assert_eq!(world.saved(id), numbers(1..=100));
    eventually(|| is_healthy(&world)).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_fails_is_shown_within_a_second_and_caught_up_with() {
    check_recovery(|world| world.database.fail_all_commits(CommitStep::NotWritten)).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_shown_within_a_second_and_caught_up_with() {
    check_recovery(|world| world.database.block_commits()).await;
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_know_is_asked_again_until_it_does() {
    check_recovery(|world| world.database.fail_all_commits(CommitStep::UnknownAndLost)).await;
}

#[tokio::test(start_paused = true)]
async fn upkeep_that_hangs_does_not_hide_that_nothing_is_saved() {
    let database = FaultyPersistence::new(MemoryPersistence::new());
    database.delay_upkeep(Duration::from_secs(20));
    let store = Store::start(database, StoreConfig::default());
    // The writer is at it before there is anything to save.
    sleep(Duration::from_millis(10)).await;
    let receipt = store.set_setting("theme", Some("dark".into())).expect("set");
    sleep(SHOWN_WITHIN).await;
    assert!(store.read(|state| *state.health() != Health::Healthy));
    receipt.durable().await.expect("saved in the end");
    eventually(|| store.read(|state| *state.health() == Health::Healthy)).await;
}

#[rstest]
#[case::nothing_was_written(CommitStep::UnknownAndLost)]
#[case::everything_was_written(CommitStep::UnknownButWritten)]
#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_leaves_each_message_once(#[case] outcome: CommitStep) {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_commits(3, outcome);
    for number in 1..=10 {
        world.say(id, &number.to_string());
        sleep(Duration::from_millis(7)).await;
    }
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id), numbers(1..=10));
    assert_eq!(world.database.stepped(outcome), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_row_is_set_aside_by_halving_and_the_rest_goes_on_in_order() {
    let world = World::start().await;
    let ids = world.sessions(3).await;
    world.database.refuse_where(|write| matches!(write, Write::Message(message) if message.body.content == "poison"));
    world.database.block_commits();
    for number in 1..=20 {
        for id in &ids {
            world.say(*id, &number.to_string());
        }
    }
    let poison = world.store.append_message(ids[1], agent("poison")).expect("in memory");
    let fine = world.store.append_message(ids[2], agent("21")).expect("in memory");
    world.database.release_commits();

    let refused = poison.durable().await.expect_err("refused");
    assert!(matches!(refused, NotSaved::SetAside { .. }), "{refused:?}");
    fine.durable().await.expect("another session is not touched");
    assert_eq!(world.saved(ids[0]), numbers(1..=20));
    assert_eq!(world.saved(ids[1]), numbers(1..=20));
    assert_eq!(world.saved(ids[2]), numbers(1..=21));
    let letters = world.database.database().dead_letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(matches!(&letters[0].0, Write::Message(message) if message.body.content == "poison"));
    let error = world.store.read(|state| state.error().map(str::to_owned)).expect("the person is told");
    assert!(error.contains("set aside"), "{error}");
    assert_eq!(world.shown(ids[1]).last().map(String::as_str), Some("poison"), "still in memory");

    let next = world.store.append_message(ids[1], agent("after")).expect("appended");
    next.durable().await.expect("the session goes on");
}

#[tokio::test(start_paused = true)]
async fn every_receipt_of_a_batch_full_of_refused_rows_says_so() {
    let world = World::start().await;
    let ids = world.sessions(200).await;
    world.database.refuse_where(|write| matches!(write, Write::Message(_)));
    world.database.block_commits();
    let receipts: Vec<_> = ids.iter().map(|id| world.store.append_message(*id, agent("no")).expect("shown")).collect();
    world.database.release_commits();
    for receipt in receipts {
        assert!(matches!(receipt.durable().await, Err(NotSaved::SetAside { .. })));
    }
    assert_eq!(world.database.database().dead_letters().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_be_written_is_tried_again() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.refuse_where(|write| matches!(write, Write::Message(message) if message.body.role == Role::User));
    world.database.fail(Call::SetAside, 5);
    let turn = world.store.begin_turn(id, "hello").expect("shown");
    turn.durable().await.expect_err("refused");
    assert_eq!((world.database.failures(Call::SetAside), world.database.database().dead_letters().len()), (5, 1));
    eventually(|| is_healthy(&world)).await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_disk_keeps_nobody_busy() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.say(id, "hello");
    let before = world.database.calls(Call::Commit);
    sleep(Duration::from_mins(1)).await;
    let tries = world.database.calls(Call::Commit) - before;
    assert!((60..=200).contains(&tries), "{tries} tries in a minute");
}

#[tokio::test(start_paused = true)]
async fn an_idle_store_keeps_nobody_busy() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_content(id, "hello").expect("streamed");
    sleep(Duration::from_secs(1)).await;
    let calls = |world: &World| world.database.calls(Call::Commit) + world.database.calls(Call::Maintain);
    let before = calls(&world);
    sleep(Duration::from_mins(10)).await;
    assert_eq!(calls(&world), before);
}
