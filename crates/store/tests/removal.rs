//! Clearing and deleting while rows of the session are on their way to the disk.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{AgentSessionId, SessionId};
use switchboard_store::testing::CommitStep;
use switchboard_store::{Persistence, StoreConfig, Write};
use tokio::time::sleep;

use crate::fixtures::{World, numbers};

async fn exists_on_disk(world: &World, id: SessionId) -> bool {
    world.database.sessions().await.expect("readable").iter().any(|stored| stored.session.id == id)
}

/// Fills a session, and leaves its rows on their way to the disk.
async fn rows_in_flight(world: &World, id: SessionId, fault: CommitStep) {
    world.database.fail_all_commits(fault);
    for number in 1..=10 {
        world.say(id, &number.to_string());
    }
    let _ = world.store.queue_message(id, "next").expect("queued");
    world.store.stream_content(id, "streamed").expect("streamed");
    sleep(Duration::from_secs(1)).await;
}

#[rstest]
#[case::not_written(CommitStep::NotWritten)]
#[case::unknown_but_written(CommitStep::UnknownButWritten)]
#[tokio::test(start_paused = true)]
async fn a_session_deleted_with_rows_in_flight_is_gone_for_good(#[case] fault: CommitStep) {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    world.say(ids[1], "stays");
    rows_in_flight(&world, ids[0], fault).await;
    let receipt = world.store.delete_session(ids[0]).expect("deleted");
    world.database.heal();
    receipt.durable().await.expect("saved");
    assert!(!exists_on_disk(&world, ids[0]).await);
    assert!(world.saved(ids[0]).is_empty() && world.database.queue().await.expect("readable").is_empty());
    assert_eq!(world.saved(ids[1]), ["stays"]);
    assert!(world.database.database().dead_letters().is_empty());
}

#[rstest]
#[case::not_written(CommitStep::NotWritten)]
#[case::unknown_but_written(CommitStep::UnknownButWritten)]
#[tokio::test(start_paused = true)]
async fn a_session_cleared_with_rows_in_flight_starts_again_at_one(#[case] fault: CommitStep) {
    let world = World::start().await;
    let id = world.session().await;
    rows_in_flight(&world, id, fault).await;
    let _ = world.store.clear_session(id).expect("cleared");
    for number in 11..=13 {
        world.say(id, &number.to_string());
    }
    world.database.heal();
    world.store.flush().await.expect("saved");
    assert_eq!((world.shown(id), world.saved(id)), (numbers(11..=13), numbers(11..=13)));
    let places: Vec<_> = world.database.database().transcript(id).iter().map(|it| it.seq.get()).collect();
    assert_eq!(places, [1, 2, 3]);
    assert!(world.database.queue().await.expect("readable").is_empty());
    assert_eq!(world.saved_draft(id).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_cleared_session_has_forgotten_its_agent_s_conversation_on_disk_too() {
    let world = World::start().await;
    let id = world.session().await;
    let told = world.store.set_agent_session_id(id, AgentSessionId::new("conversation-1")).expect("there");
    told.durable().await.expect("saved");
    world.store.clear_session(id).expect("cleared").durable().await.expect("saved");
    let world = world.crash().await;
    let remembered = world.store.read(|state| state.session(id).map(|it| it.session().agent_session_id.clone()));
    assert_eq!(remembered, Some(None));
}

#[tokio::test(start_paused = true)]
async fn the_new_transcript_of_a_cleared_session_is_not_trimmed_before_it_is_saved() {
    let world = World::with(StoreConfig { transcript_messages_max: 4, ..StoreConfig::default() }).await;
    let id = world.session().await;
    world.database.block_commits();
    for number in 1..=50 {
        world.say(id, &number.to_string());
    }
    sleep(Duration::from_millis(10)).await;
    let _ = world.store.clear_session(id).expect("cleared");
    for number in 51..=80 {
        world.say(id, &number.to_string());
    }
    world.database.release_commits();
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id), numbers(51..=80));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_session_can_be_created_again_under_its_id() {
    let world = World::start().await;
    let new = world.new_session();
    world.store.create_session(new.clone()).await.expect("created");
    world.say(new.id, "old");
    let _ = world.store.delete_session(new.id).expect("deleted");
    world.store.create_session(new.clone()).await.expect("created again");
    world.say(new.id, "new");
    world.store.flush().await.expect("saved");
    assert_eq!((world.shown(new.id), world.saved(new.id)), (vec!["new".into()], vec!["new".into()]));
}

#[tokio::test(start_paused = true)]
async fn a_session_deleted_in_the_middle_of_a_retried_batch_leaves_no_dead_letter() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    world.database.fail_commits(5, CommitStep::UnknownButWritten);
    world.say(ids[0], "one");
    let _ = world.store.set_title(ids[0], "title").expect("titled");
    sleep(Duration::from_millis(30)).await;
    let _ = world.store.delete_session(ids[0]).expect("deleted");
    world.say(ids[1], "two");
    world.store.flush().await.expect("saved");
    assert!(world.database.database().dead_letters().is_empty());
    assert_eq!((exists_on_disk(&world, ids[0]).await, world.saved(ids[1])), (false, vec!["two".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn removing_settings_and_projects_is_saved() {
    let world = World::start().await;
    let _ = world.store.set_setting("theme", Some("dark".into())).expect("set");
    world.store.flush().await.expect("saved");
    let _ = world.store.set_setting("theme", None).expect("removed");
    let _ = world.store.remove_project(world.project.id).expect("removed");
    world.store.flush().await.expect("saved");
    assert!(world.database.settings().await.expect("readable").is_empty());
    assert!(world.database.projects().await.expect("readable")[0].deleted_at.is_some());
    let back = world.store.add_project(&world.project.path).expect("back").into_value();
    assert_eq!((back.id, back.deleted_at), (world.project.id, None));
}

#[tokio::test(start_paused = true)]
async fn a_batch_names_removals_first_and_owners_before_what_they_own() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    world.database.block_commits();
    world.say(ids[0], "one");
    sleep(Duration::from_millis(1)).await;
    let _ = world.store.set_title(ids[1], "title").expect("titled");
    world.say(ids[1], "two");
    let _ = world.store.delete_session(ids[0]).expect("deleted");
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&order);
    world.database.refuse_where(move |write| {
        seen.lock().expect("no panic").push(match write {
            Write::DeleteSession(_) => "removal",
            Write::Session(_) => "session",
            Write::Message(_) => "message",
            _ => "rest",
        });
        false
    });
    world.database.release_commits();
    world.store.flush().await.expect("saved");
    assert_eq!(*order.lock().expect("no panic"), ["message", "rest", "removal", "session", "message", "rest"]);
}
