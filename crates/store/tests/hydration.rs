//! Coming back to life.

use std::time::Duration;

use switchboard_domain::{
    ApprovalEnd, ApprovalRequest, ApprovalState, Delivery, Health, RequestId, SessionStatus, WorkerProcess,
};
use switchboard_store::testing::{Call, CommitStep, FaultyPersistence, MemoryPersistence, sample};
use switchboard_store::{Persistence, Store, StoreConfig, TurnEnd, Write};
use tokio::time::{sleep, timeout};

use crate::fixtures::{Database, World, agent, eventually};

fn store_on(database: &Database) -> Store {
    Store::start(database.clone(), StoreConfig::default())
}

/// Project 1 with sessions 1 to `count`, all running, each with one message.
async fn disk_with(count: u32) -> Database {
    let database = FaultyPersistence::new(MemoryPersistence::new());
    let mut writes = vec![Write::Project(sample::project(1))];
    for number in 1..=count {
        writes.push(Write::Session(Box::new(sample::session(number, 1))));
        writes.push(Write::Message(sample::message(number, 1).into()));
    }
    database.commit(&writes).await.expect("written");
    database
}

fn status(store: &Store, number: u32) -> Option<SessionStatus> {
    store.read(|state| state.session(sample::session_id(number)).map(|it| it.session().status()))
}

#[tokio::test(start_paused = true)]
async fn loading_is_shown_while_it_lasts() {
    let store = store_on(&disk_with(1).await);
    let (before, mut changes) = store.subscribe();
    assert!(!before.is_loading());
    store.hydrate().await.expect("hydrated");
    assert!(!store.read(switchboard_store::State::is_loading));
    let mut seen = Vec::new();
    while let Some(published) = changes.try_next().expect("kept") {
        if let switchboard_domain::Change::LoadingSet { loading } = published.change {
            seen.push((loading, published.revision));
        }
    }
    assert!(matches!(seen[..], [(true, began), (false, ended)] if ended.get() > began.get() + 1), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_database_is_an_empty_state() {
    let store = store_on(&disk_with(0).await);
    let hydration = store.hydrate().await.expect("hydrated");
    assert!(hydration.interrupted.is_empty() && hydration.problems.is_empty());
    let state = store.snapshot();
    assert_eq!((state.sessions().count(), state.active_session(), state.error()), (0, None, None));
}

#[tokio::test(start_paused = true)]
async fn what_ran_is_interrupted_and_the_newest_session_is_opened() {
    let database = disk_with(3).await;
    let store = store_on(&database);
    let hydration = store.hydrate().await.expect("hydrated");
    assert_eq!(hydration.interrupted.len(), 3);
    let state = store.snapshot();
    let order: Vec<_> = state.sessions().map(|it| it.session().id).collect();
    assert_eq!(order, [3, 2, 1].map(sample::session_id), "newest first");
    assert_eq!(state.active_session(), Some(sample::session_id(3)));
    let loaded =
        [1, 2, 3].map(|it| state.session(sample::session_id(it)).expect("there").transcript().messages().len());
    assert_eq!(loaded, [0, 0, 1], "other transcripts are loaded when first looked at");
    store.flush().await.expect("saved");
    let saved = database.sessions().await.expect("readable");
    assert!(saved.iter().all(|it| it.session.status() == SessionStatus::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn marking_as_interrupted_that_cannot_be_saved_is_shown_and_saved_later() {
    let database = disk_with(2).await;
    database.fail_all_commits(CommitStep::NotWritten);
    let store = store_on(&database);
    let hydration = store.hydrate().await.expect("hydrated all the same");
    assert_eq!(hydration.interrupted.len(), 2);
    assert_eq!(status(&store, 1), Some(SessionStatus::Interrupted));
    eventually(|| store.read(|state| *state.health() != Health::Healthy)).await;
    database.heal();
    store.flush().await.expect("saved");
    let saved = database.sessions().await.expect("readable");
    assert!(saved.iter().all(|it| it.session.status() == SessionStatus::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn a_session_list_that_cannot_be_read_is_an_error_and_not_an_empty_list() {
    let database = disk_with(2).await;
    database.fail(Call::Sessions, 1);
    let store = store_on(&database);
    let error = store.hydrate().await.expect_err("unreadable");
    assert!(error.to_string().starts_with("the sessions could not be loaded"), "{error}");
    let state = store.snapshot();
    assert!(!state.is_loading());
    assert_eq!(state.error(), Some(error.to_string().as_str()));

    assert_eq!(store.hydrate().await.expect("readable now").interrupted.len(), 2);
    assert_eq!(store.snapshot().sessions().count(), 2);
    store.flush().await.expect("saved");
    assert_eq!(database.sessions().await.expect("readable").len(), 2, "nothing was lost by it");
}

#[tokio::test(start_paused = true)]
async fn messages_that_cannot_be_read_leave_the_sessions() {
    let database = disk_with(2).await;
    database.fail(Call::Messages, 1);
    let store = store_on(&database);
    let hydration = store.hydrate().await.expect("hydrated");
    assert_eq!(hydration.problems.len(), 1);
    assert_eq!(store.snapshot().sessions().count(), 2);
    assert!(store.read(|state| state.error().is_some()));
    store.load_transcript(sample::session_id(2)).await.expect("readable now");
    let next = store.append_message(sample::session_id(2), agent("next")).expect("appended").into_value();
    assert_eq!(next.seq.get(), 2, "places go on where the disk ends");
}

#[tokio::test(start_paused = true)]
async fn each_list_that_cannot_be_read_is_reported_and_the_others_are_there() {
    for call in [Call::Projects, Call::PendingApprovals, Call::Queue, Call::Settings] {
        let database = disk_with(1).await;
        database.fail(call, 1);
        let store = store_on(&database);
        let hydration = store.hydrate().await.expect("hydrated");
        assert_eq!(hydration.problems.len(), 1, "{call:?}");
        assert_eq!(status(&store, 1), Some(SessionStatus::Interrupted), "{call:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_comes_back_as_it_was() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    let _ = world.store.rename_project(world.project.id, "renamed").expect("renamed");
    let _ = world.store.set_setting("theme", Some("dark".into())).expect("set");
    let _ = world.store.queue_message(ids[0], "next").expect("queued");
    let request = ApprovalRequest {
        request_id: RequestId::new("apr_1"),
        tool_name: "Bash".into(),
        input: serde_json::Value::Null,
        suggestions: None,
    };
    let _ = world.store.request_approval(ids[0], request).expect("asked");
    let _ = world.store.set_title(ids[1], "a title").expect("titled");
    for number in 1..=300 {
        world.say(ids[1], &number.to_string());
    }
    let end = TurnEnd { status: SessionStatus::Failed, error: Some("why".into()), approvals: ApprovalEnd::Expired };
    let _ = world.store.end_turn(ids[1], end).expect("ended");
    world.store.flush().await.expect("saved");
    let before = world.store.snapshot();

    let world = world.crash().await;
    let state = world.store.snapshot();
    assert!(state.projects().eq(before.projects()));
    assert_eq!(state.settings(), before.settings());
    let sessions = |state: &switchboard_store::State| state.session(ids[1]).map(|it| it.session().clone());
    assert_eq!(sessions(&state), sessions(&before));
    let first = state.session(ids[0]).expect("there");
    assert_eq!(first.session().status(), SessionStatus::Interrupted);
    assert_eq!(
        first.queue().map(|it| (it.content.as_str(), it.delivery)).collect::<Vec<_>>(),
        [("next", Delivery::Waiting)]
    );
    let approval = first.approval(&RequestId::new("apr_1")).expect("there");
    assert!(matches!(approval.state, ApprovalState::Expired { .. }), "the agent that asked is gone");
}

#[tokio::test(start_paused = true)]
async fn hydrating_again_interrupts_nobody() {
    let database = disk_with(1).await;
    let store = store_on(&database);
    store.hydrate().await.expect("hydrated");
    let id = sample::session_id(1);
    let _ = store.begin_turn(id, "go on").expect("begun");
    let _ = store.set_worker(id, Some(WorkerProcess { pid: 7, started: 7 })).expect("set");
    let _ = store.queue_message(id, "next").expect("queued");
    let popped = store.pop_queued(id).expect("there").into_value().expect("waiting");
    store.flush().await.expect("saved");

    let mut leftovers = Vec::new();
    let again = store.hydrate_after(async |found| leftovers.extend_from_slice(found)).await.expect("hydrated");
    assert!(again.interrupted.is_empty());
    assert!(leftovers.is_empty(), "a live worker is no leftover");
    assert_eq!(status(&store, 1), Some(SessionStatus::Running));
    let session = store.snapshot().session(id).cloned().expect("there");
    assert_eq!(session.queued(popped.id).map(|it| it.delivery), Some(Delivery::Sending));
    assert!(session.session().worker.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_deleted_while_its_row_was_being_read_stays_deleted() {
    let database = disk_with(2).await;
    let store = store_on(&database);
    store.hydrate().await.expect("hydrated");
    let deleting = store.clone();
    store
        .hydrate_after(async move |_| {
            let _ = deleting.delete_session(sample::session_id(1)).expect("there");
        })
        .await
        .expect("hydrated");
    assert!(store.snapshot().session(sample::session_id(1)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_hydration_leaves_nothing_loading() {
    let store = store_on(&disk_with(1).await);
    let never = store.hydrate_after(async |_| std::future::pending().await);
    assert!(timeout(Duration::from_secs(1), never).await.is_err());
    assert!(!store.read(switchboard_store::State::is_loading));
    assert_eq!(store.hydrate().await.expect("hydrated").interrupted.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_being_said_is_kept_as_a_message_once() {
    let world = World::start().await;
    let id = world.session().await;
    world.store.stream_content(id, "half a sen").expect("streamed");
    sleep(Duration::from_secs(1)).await;
    let world = world.crash().await;
    assert_eq!(world.shown(id), ["half a sen"]);
    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    assert_eq!((world.saved(id), world.saved_draft(id).await), (vec!["half a sen".to_owned()], String::new()));
}

#[tokio::test]
async fn ten_thousand_sessions_come_back() {
    let database = disk_with(10_000).await;
    let store = store_on(&database);
    let hydration = store.hydrate().await.expect("hydrated");
    assert_eq!(hydration.interrupted.len(), 10_000);
    store.flush().await.expect("saved");
    let state = store.snapshot();
    assert_eq!(state.sessions().count(), 10_000);
    assert!(state.sessions().all(|it| it.session().status() == SessionStatus::Interrupted));
    assert_eq!(
        store.messages(sample::session_id(1), switchboard_store::Page::Newest, 10).await.expect("read").len(),
        1
    );
}
