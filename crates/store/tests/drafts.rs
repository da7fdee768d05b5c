//! Text that streams in: shown at once, saved every now and then, replaced by the final message.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{ApprovalEnd, MessageBody, Role, SessionId, SessionStatus};
use switchboard_store::testing::CommitStep;
use switchboard_store::{StoreConfig, TurnEnd};
use tokio::time::{Instant, sleep};

use crate::fixtures::{World, agent, call};

/// How often unfinished text is saved.
const CHECKPOINT: Duration = Duration::from_millis(250);

fn draft(world: &World, id: SessionId) -> (String, String) {
    world.store.read(|state| {
        let draft = state.session(id).expect("there").draft();
        (draft.content.clone(), draft.thinking.clone())
    })
}

/// Streams a piece every 10 ms and checks at each that the disk is no more than a checkpoint and two
/// commits behind.
async fn check_loss_bound(commit_takes: Duration, also: impl Fn(&World, SessionId)) {
    const EVERY: Duration = Duration::from_millis(10);
    let world = World::start().await;
    let ids = world.sessions(2).await;
    world.database.fail_all_commits(CommitStep::Delay(commit_takes));
    let began = Instant::now();
    let mut streamed = String::new();
    while began.elapsed() < Duration::from_secs(3) {
        world.store.stream_content(ids[0], "x").expect("streamed");
        streamed.push('x');
        also(&world, ids[1]);
        sleep(EVERY).await;
        let saved = world.saved_draft(ids[0]).await;
        assert!(streamed.starts_with(&saved));
        let lost = EVERY * u32::try_from(streamed.len() - saved.len()).expect("small");
        assert!(lost <= CHECKPOINT + EVERY + 2 * commit_takes, "a crash now would lose {lost:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_at_most_one_checkpoint_of_text() {
    check_loss_bound(Duration::ZERO, |_, _| {}).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_no_more_while_others_keep_the_writer_busy() {
    // Something is to be saved whenever a commit ends: the writer never comes to rest.
    check_loss_bound(Duration::from_millis(25), |world, other| world.say(other, "busy")).await;
}

#[tokio::test(start_paused = true)]
async fn streamed_text_is_saved_no_more_often_than_it_must() {
    let world = World::start().await;
    let id = world.session().await;
    let before = world.database.database().commits();
    for _ in 0..1_000 {
        world.store.stream_content(id, "x").expect("streamed");
        sleep(Duration::from_millis(1)).await;
    }
    let commits = world.database.database().commits() - before;
    assert!((3..=5).contains(&commits), "{commits} commits in a second");
}

#[tokio::test(start_paused = true)]
async fn the_final_message_replaces_streamed_text_in_memory_and_on_disk() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_thinking(id, "hm").expect("streamed");
    world.store.stream_content(id, "hel").expect("streamed");
    world.store.stream_content(id, "lo").expect("streamed");
    assert_eq!(draft(&world, id), ("hello".into(), "hm".into()));
    sleep(CHECKPOINT * 2).await;
    assert_eq!(world.saved_draft(id).await, "hello");
    world.store.append_message(id, agent("hello!")).expect("appended").durable().await.expect("saved");
    assert_eq!(draft(&world, id), (String::new(), String::new()));
    assert_eq!((world.shown(id), world.saved(id)), (vec!["hello!".into()], vec!["hello!".into()]));
    assert_eq!(world.saved_draft(id).await, "", "in the same commit, or it would come back twice");
}

#[rstest]
#[case::says_and_thinks("said", Some("thought"), "said", "thought")]
#[case::says_nothing("", Some("thought"), "streamed", "thought")]
#[case::thinks_nothing("said", None, "said", "mused")]
#[case::only_names_tools("", None, "streamed", "mused")]
#[tokio::test(start_paused = true)]
async fn no_streamed_word_is_lost_by_a_final_message_that(
    #[case] content: &str,
    #[case] thinking: Option<&str>,
    #[case] said: &str,
    #[case] thought: &str,
) {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_thinking(id, "mused").expect("streamed");
    world.store.stream_content(id, "streamed").expect("streamed");
    let body = MessageBody { thinking: thinking.map(str::to_owned), tool_calls: vec![call("t1")], ..agent(content) };
    let message = world.store.append_message(id, body).expect("appended").into_value();
    assert_eq!((message.body.content.as_str(), message.body.thinking.as_deref()), (said, Some(thought)));
    assert_eq!(draft(&world, id), (String::new(), String::new()));
}

#[tokio::test(start_paused = true)]
async fn a_message_by_somebody_else_leaves_streamed_text_alone() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_content(id, "hel").expect("streamed");
    let _ = world.store.append_message(id, MessageBody::text(Role::System, "note")).expect("appended");
    world.store.stream_content(id, "lo").expect("streamed");
    assert_eq!(draft(&world, id).0, "hello");
}

#[tokio::test(start_paused = true)]
async fn text_that_no_message_replaced_is_kept_at_the_end_of_the_turn() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_content(id, "half a sen").expect("streamed");
    let end = TurnEnd { status: SessionStatus::Aborted, error: None, approvals: ApprovalEnd::Cancelled };
    world.store.end_turn(id, end).expect("ended").durable().await.expect("saved");
    assert_eq!((world.shown(id), world.saved(id)), (vec!["half a sen".into()], vec!["half a sen".into()]));
    assert_eq!((draft(&world, id).0, world.saved_draft(id).await), (String::new(), String::new()));
}

#[tokio::test(start_paused = true)]
async fn text_without_end_becomes_messages_and_loses_no_byte() {
    let world = World::with(StoreConfig::default()).await;
    let id = world.session().await;
    let piece = "x".repeat(100_000);
    for _ in 0..50 {
        world.store.stream_content(id, &piece).expect("streamed");
        assert!(draft(&world, id).0.len() <= 1 << 20, "a draft is written anew at each checkpoint");
    }
    let _ = world.store.flush_draft(id).expect("flushed");
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id).concat().len(), 50 * piece.len());
}
