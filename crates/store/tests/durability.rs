//! What a receipt promises, and that a port which lies is caught.

use std::time::Duration;

use serde_json::Value;
use switchboard_domain::{Answer, ApprovalRequest, RequestId, SessionId};
use switchboard_store::testing::{CommitStep, FaultyPersistence, Lie, MemoryPersistence};
use switchboard_store::{NotSaved, Persistence, Receipt, Store, StoreConfig};
use tokio::time::timeout;

use crate::fixtures::{World, agent};

/// Longer than any retry pause; in paused time it costs nothing.
const LONG: Duration = Duration::from_secs(30);

/// An intent's receipt waits as long as its commit does, and its rows are there when it resolves.
async fn check_intent<T>(act: impl FnOnce(&Store, SessionId) -> Receipt<T>) {
    let world = World::start().await;
    let id = world.session().await;
    prepare(&world, id).await;
    let commits = world.database.database().commits();
    world.database.block_commits();
    let receipt = act(&world.store, id);
    let mut durable = Box::pin(receipt.durable());
    assert!(timeout(LONG, &mut durable).await.is_err(), "resolved before its commit");
    assert_eq!(world.database.database().commits(), commits);
    world.database.heal();
    assert!(timeout(LONG, durable).await.expect("in time").is_ok());
    assert!(world.database.database().commits() > commits);
}

/// A pending approval and a queued message, saved.
async fn prepare(world: &World, id: SessionId) {
    let request = ApprovalRequest {
        request_id: RequestId::new("apr_1"),
        tool_name: "Bash".into(),
        input: Value::Null,
        suggestions: None,
    };
    let _ = world.store.request_approval(id, request).expect("asked");
    let _ = world.store.queue_message(id, "next").expect("queued");
    world.store.flush().await.expect("saved");
}

#[tokio::test(start_paused = true)]
async fn no_intent_is_durable_before_its_commit() {
    check_intent(|store, id| store.begin_turn(id, "hello").expect("begun")).await;
    check_intent(|store, id| store.answer_approval(id, &RequestId::new("apr_1"), Answer::ALLOW).expect("answered"))
        .await;
    check_intent(|store, id| store.queue_message(id, "more").expect("queued")).await;
    check_intent(|store, id| store.pop_queued(id).expect("popped")).await;
    check_intent(|store, id| store.delete_session(id).expect("deleted")).await;
    check_intent(|store, id| store.clear_session(id).expect("cleared")).await;
    check_intent(|store, _| store.set_setting("theme", Some("dark".into())).expect("set")).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "acknowledged and not on disk")]
async fn a_port_that_acknowledges_before_it_writes_is_caught() {
    check_acknowledged_is_saved(Lie::AcknowledgeEarly).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "acknowledged and not on disk")]
async fn a_port_that_drops_a_write_is_caught() {
    check_acknowledged_is_saved(Lie::Drop { after: 6, one_in: 7 }).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_acknowledged_is_on_disk() {
    check_acknowledged_is_saved(Lie::Nothing).await;
}

async fn check_acknowledged_is_saved(lie: Lie) {
    let database = FaultyPersistence::new(MemoryPersistence::new());
    database.lie(lie);
    let disk = database.database().clone();
    let store = Store::start(database, StoreConfig::default());
    for number in 0..10 {
        let receipt = store.set_setting(&format!("key {number}"), Some(number.into())).expect("set");
        receipt.durable().await.expect("acknowledged");
        let saved = disk.settings().await.expect("readable").len();
        assert_eq!(saved, number + 1, "acknowledged and not on disk");
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_changes_nothing_does_not_wait_for_a_change_that_is_never_saved() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.flush().await.expect("saved");
    world.store.set_error(Some("in memory only".into()));
    let again = world.store.add_project(&world.project.path).expect("there already");
    timeout(LONG, again.durable()).await.expect("nothing to wait for").expect("saved");
    world.store.set_error(None);
    let none = world.store.pop_queued(id).expect("allowed");
    assert_eq!(timeout(LONG, none.durable()).await.expect("nothing to wait for"), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn an_action_that_changes_nothing_right_after_a_restart_has_nothing_to_wait_for() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.update_status(id, switchboard_domain::SessionStatus::Completed).expect("allowed");
    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    let none = world.store.pop_queued(id).expect("allowed");
    assert_eq!(timeout(LONG, none.durable()).await.expect("nothing to wait for"), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn an_action_that_changes_nothing_waits_for_what_it_found() {
    let world = World::start().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    let path = std::path::Path::new("/code/other");
    let _ = world.store.add_project(path).expect("added");
    let again = world.store.add_project(path).expect("there already");
    assert!(timeout(LONG, again.durable()).await.is_err(), "not saved yet, so not durable");
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_a_store_closed_too_soon_says_so() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    let receipt = world.store.append_message(id, agent("lost")).expect("shown");
    let late = receipt.clone();
    world.store.close(Duration::from_secs(1)).await.expect_err("unsaved");
    assert_eq!(receipt.durable().await, Err(NotSaved::Closed));
    assert_eq!(late.durable().await, Err(NotSaved::Closed));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_disk_can_be_given_up_and_taken_up_again() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.block_commits();
    let receipt = world.store.append_message(id, agent("hello")).expect("shown");
    assert!(timeout(Duration::from_millis(10), receipt.clone().durable()).await.is_err());
    world.database.release_commits();
    receipt.durable().await.expect("saved");
}
