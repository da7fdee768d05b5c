//! Flushing and closing.

use std::time::Duration;

use switchboard_domain::Health;
use switchboard_store::testing::{Call, CommitStep};
use switchboard_store::{CloseError, NotSaved, Persistence};
use tokio::time::{Instant, sleep, timeout};

use crate::fixtures::{World, eventually, numbers};

#[tokio::test(start_paused = true)]
async fn a_flush_saves_everything_unfinished_text_included() {
    let world = World::start().await;
    let id = world.session().await;
    world.say(id, "1");
    world.store.stream_content(id, "half").expect("streamed");
    world.store.flush().await.expect("saved");
    assert_eq!((world.saved(id), world.saved_draft(id).await), (numbers(1..=1), "half".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_flush_of_nothing_is_over_at_once() {
    let world = World::start().await;
    for _ in 0..3 {
        world.store.set_error(None);
        timeout(Duration::from_secs(1), world.store.flush()).await.expect("at once").expect("nothing to save");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_a_broken_disk_and_can_be_given_up() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.say(id, "1");
    assert!(timeout(Duration::from_mins(1), world.store.flush()).await.is_err());
    world.database.heal();
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id), numbers(1..=1));
}

#[tokio::test(start_paused = true)]
async fn flushes_from_many_tasks_all_end() {
    let world = World::start().await;
    let id = world.session().await;
    let flushes = (0..50).map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move {
            store.stream_content(id, "x").expect("streamed");
            store.flush().await
        })
    });
    for flush in flushes.collect::<Vec<_>>() {
        timeout(Duration::from_secs(5), flush).await.expect("in time").expect("no panic").expect("saved");
    }
    assert_eq!(world.saved_draft(id).await.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn closing_saves_everything_and_lets_go_of_the_database() {
    let world = World::start().await;
    let id = world.session().await;
    world.say(id, "1");
    world.store.stream_content(id, "half").expect("streamed");
    world.store.close(Duration::from_secs(5)).await.expect("saved");
    assert_eq!(world.database.calls(Call::Close), 1);
    assert!(world.database.sessions().await.is_err(), "closed");
    let disk = world.database.database().reopen();
    assert_eq!(disk.transcript(id).len(), 1);
    assert_eq!(disk.sessions().await.expect("readable")[0].draft.content, "half");
    world.store.flush().await.expect("nothing is unsaved");
}

#[tokio::test(start_paused = true)]
async fn closing_twice_waits_for_the_same_end() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_commits(1, CommitStep::Delay(Duration::from_millis(500)));
    world.say(id, "1");
    sleep(Duration::from_millis(1)).await;
    assert!(timeout(Duration::from_millis(10), world.store.close(Duration::from_secs(5))).await.is_err());
    world.store.close(Duration::from_secs(5)).await.expect("saved");
    assert_eq!(world.database.database().transcript(id).len(), 1);
    world.store.close(Duration::from_secs(5)).await.expect("still saved");
}

async fn check_closing_in_trouble(fail: impl FnOnce(&World)) {
    let world = World::start().await;
    let id = world.session().await;
    fail(&world);
    for number in 1..=3 {
        world.say(id, &number.to_string());
    }
    let began = Instant::now();
    let error = world.store.close(Duration::from_secs(1)).await.expect_err("unsaved");
    assert_eq!(error, CloseError { unsaved: 3 });
    assert!(began.elapsed() <= Duration::from_secs(3), "{:?}", began.elapsed());
    let next = timeout(Duration::from_secs(1), world.store.flush()).await.expect("nobody waits for ever");
    assert_eq!(next, Err(NotSaved::Closed));
    assert_eq!(world.store.close(Duration::from_secs(1)).await, Err(error), "as long as it is true");
    assert!(world.store.read(|state| matches!(state.health(), Health::Degraded { unsaved: 3, .. })));
}

#[tokio::test(start_paused = true)]
async fn closing_gives_up_on_a_disk_that_fails() {
    check_closing_in_trouble(|world| world.database.fail_all_commits(CommitStep::NotWritten)).await;
}

#[tokio::test(start_paused = true)]
async fn closing_gives_up_on_a_disk_that_hangs() {
    check_closing_in_trouble(|world| world.database.block_commits()).await;
}

#[tokio::test(start_paused = true)]
async fn unfinished_text_that_was_not_saved_is_no_clean_end() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.store.stream_content(id, "half").expect("streamed");
    assert_eq!(world.store.close(Duration::from_secs(1)).await, Err(CloseError { unsaved: 1 }));
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_everything_to_disk() {
    let World { store, database, .. } = {
        let world = World::start().await;
        let id = world.session().await;
        for number in 1..=100 {
            world.say(id, &number.to_string());
        }
        world
    };
    drop(store);
    eventually(|| database.calls(Call::Close) == 1).await;
    let disk = database.database().reopen();
    let id = disk.sessions().await.expect("readable")[0].session.id;
    assert_eq!(disk.transcript(id).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_is_gone_keeps_nobody_waiting_and_is_shown() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.refuse_where(|_| panic!("a fault of the test"));
    let receipt = world.store.queue_message(id, "hello").expect("shown");
    let outcome = timeout(Duration::from_secs(1), receipt.durable()).await.expect("nobody waits for ever");
    assert_eq!(outcome.expect_err("not saved"), NotSaved::Closed);
    assert!(world.store.read(|state| matches!(state.health(), Health::Degraded { .. })));
}
