//! Transcripts partly in memory and partly on disk, read as one.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{Seq, SessionId};
use switchboard_store::testing::{Call, CommitStep};
use switchboard_store::{MessagesError, PAGE_MESSAGES_MAX, Page, StoreConfig};
use tokio::time::sleep;

use crate::fixtures::{World, numbers, unknown_session};

/// Few messages stay in memory.
async fn forgetful() -> World {
    World::with(StoreConfig { transcript_messages_max: 20, ..StoreConfig::default() }).await
}

async fn page(world: &World, id: SessionId, page: Page, limit: u32) -> Vec<String> {
    let messages = world.store.messages(id, page, limit).await.expect("readable");
    messages.iter().map(|message| message.body.content.clone()).collect()
}

/// A session of 100 messages, of which the newest 20 are in memory, and 10 more that are not saved.
async fn split_transcript() -> (World, SessionId) {
    let world = forgetful().await;
    let id = world.session().await;
    for number in 1..=100 {
        world.say(id, &number.to_string());
    }
    world.store.flush().await.expect("saved");
    world.database.fail_all_commits(CommitStep::NotWritten);
    for number in 101..=110 {
        world.say(id, &number.to_string());
    }
    assert_eq!(world.shown(id), numbers(81..=110));
    (world, id)
}

#[rstest]
#[case::newest_from_memory(Page::Newest, 10, 101, 110)]
#[case::newest_from_both(Page::Newest, 50, 61, 110)]
#[case::all(Page::Newest, 1_000, 1, 110)]
#[case::before_in_memory(Page::Before(Seq::new(100)), 5, 95, 99)]
#[case::before_across(Page::Before(Seq::new(90)), 20, 70, 89)]
#[case::before_on_disk(Page::Before(Seq::new(50)), 10, 40, 49)]
#[case::before_the_first_in_memory(Page::Before(Seq::new(81)), 10, 71, 80)]
#[case::before_the_second(Page::Before(Seq::new(2)), 10, 1, 1)]
#[case::after_in_memory(Page::After(Seq::new(100)), 5, 101, 105)]
#[case::after_across(Page::After(Seq::new(70)), 20, 71, 90)]
#[case::after_on_disk(Page::After(Seq::new(10)), 5, 11, 15)]
#[case::after_the_last_on_disk_only(Page::After(Seq::new(80)), 5, 81, 85)]
#[case::from_the_start(Page::After(Seq::ZERO), 1_000, 1, 110)]
#[case::after_beyond_memory_to_the_end(Page::After(Seq::new(60)), 1_000, 61, 110)]
#[tokio::test(start_paused = true)]
async fn a_page_shows_every_message_once_wherever_it_is(
    #[case] wanted: Page,
    #[case] limit: u32,
    #[case] first: usize,
    #[case] last: usize,
) {
    let (world, id) = split_transcript().await;
    assert_eq!(page(&world, id, wanted, limit).await, numbers(first..=last));
}

#[rstest]
#[case::before_the_first(Page::Before(Seq::FIRST))]
#[case::before_nothing(Page::Before(Seq::ZERO))]
#[case::after_the_last(Page::After(Seq::new(110)))]
#[case::after_the_end_of_all_numbers(Page::After(Seq::new(u64::MAX)))]
#[tokio::test(start_paused = true)]
async fn there_is_nothing(#[case] wanted: Page) {
    let (world, id) = split_transcript().await;
    assert!(page(&world, id, wanted, 10).await.is_empty());
    assert!(page(&world, id, Page::Newest, 0).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_page_has_a_largest_size() {
    let world = forgetful().await;
    let id = world.session().await;
    for number in 0..PAGE_MESSAGES_MAX + 500 {
        world.say(id, &number.to_string());
    }
    world.store.flush().await.expect("saved");
    let largest = usize::try_from(PAGE_MESSAGES_MAX).expect("small");
    for wanted in [Page::Newest, Page::After(Seq::ZERO)] {
        assert_eq!(page(&world, id, wanted, u32::MAX).await.len(), largest);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_unsaved_leaves_memory() {
    let world = forgetful().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    for number in 1..=200 {
        world.say(id, &number.to_string());
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.shown(id), numbers(1..=200));
    world.database.heal();
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id), numbers(1..=200));
    assert_eq!(world.shown(id), numbers(181..=200));
    assert_eq!(page(&world, id, Page::Newest, 1_000).await, numbers(1..=200));
}

#[tokio::test(start_paused = true)]
async fn a_transcript_of_much_text_is_trimmed_too() {
    let world = World::with(StoreConfig { transcript_bytes_max: 100_000, ..StoreConfig::default() }).await;
    let id = world.session().await;
    for _ in 0..50 {
        world.say(id, &"x".repeat(10_000));
        sleep(Duration::from_millis(5)).await;
    }
    world.store.flush().await.expect("saved");
    assert!(world.shown(id).len() <= 10);
    assert_eq!(page(&world, id, Page::Newest, 1_000).await.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_session_of_a_former_life_is_loaded_when_first_looked_at() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    for number in 1..=300 {
        world.say(ids[0], &number.to_string());
    }
    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    assert!(world.shown(ids[0]).is_empty());
    world.store.load_transcript(ids[0]).await.expect("readable");
    assert_eq!(world.shown(ids[0]), numbers(101..=300));
    let reads = world.database.calls(Call::Messages);
    world.store.load_transcript(ids[0]).await.expect("there");
    assert_eq!(world.database.calls(Call::Messages), reads, "once is enough");
    world.say(ids[0], "301");
    assert_eq!(page(&world, ids[0], Page::Newest, 1_000).await, numbers(1..=301));
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_before_the_first_look_hide_nothing() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    for number in 1..=30 {
        world.say(ids[0], &number.to_string());
    }
    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    world.say(ids[0], "31");
    world.store.load_transcript(ids[0]).await.expect("readable");
    assert_eq!(page(&world, ids[0], Page::Newest, 1_000).await, numbers(1..=31));
}

#[tokio::test(start_paused = true)]
async fn trouble_with_reading_is_told_and_an_unknown_session_is_not_empty() {
    let (world, id) = split_transcript().await;
    world.database.fail(Call::Messages, 1);
    let error = world.store.messages(id, Page::Newest, 1_000).await.expect_err("unreadable");
    assert!(matches!(error, MessagesError::Read(_)), "{error:?}");
    assert_eq!(page(&world, id, Page::Newest, 5).await, numbers(106..=110), "memory needs no disk");
    let error = world.store.messages(unknown_session(), Page::Newest, 1).await.expect_err("unknown");
    assert!(matches!(error, MessagesError::SessionNotFound), "{error:?}");
}
