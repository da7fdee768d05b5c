//! Another process holds the database's lock: everything shows at once, health says so within a
//! second, and when the lock is gone everything is on disk, in order, without a restart.

use std::time::{Duration, Instant};

use switchboard_domain::{Health, SessionStatus};
use switchboard_store::{CreateError, Store, StoreConfig};
use switchboard_tests::workload;

/// Longer than any machine takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// What is promised.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_delays_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let ids = workload::sessions(&store, 3).await;
    let lock = lock(&folder);

    let began = Instant::now();
    for number in 0..100 {
        for id in &ids {
            let _receipt = store.append_message(*id, workload::message(number)).expect("memory takes it");
        }
    }
    let _receipt = store.update_status(ids[0], SessionStatus::Completed).expect("memory takes it");
    assert!(store.read(|state| state.session(ids[0]).expect("there").session().status().is_final()), "shown at once");
    wait_for_health(&store, |health| matches!(health, Health::Degraded { unsaved, .. } if *unsaved > 0)).await;
    assert!(began.elapsed() < TOLD_WITHIN, "told after {:?}", began.elapsed());

    drop(lock);
    wait_for_health(&store, |health| *health == Health::Healthy).await;
    let contents = workload::close_and_read(store, folder.path()).await;
    let expected: Vec<String> = (0..100).map(|number| workload::message(number).content).collect();
    for id in &ids {
        assert_eq!(contents.texts(*id), expected);
    }
    assert_eq!(contents.sessions[&ids[0]].status(), SessionStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_saved_does_not_come_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let impatient = StoreConfig { intent_timeout: Duration::from_millis(300), ..StoreConfig::default() };
    let store = workload::open_with(folder.path(), impatient).await;
    let project_id = workload::project(&store);
    store.flush().await.expect("the disk takes it");
    let lock = lock(&folder);
    let created = store.create_session(workload::new_session(project_id)).await;
    assert!(matches!(created, Err(CreateError::NotSaved { .. })), "{created:?}");
    assert_eq!(store.read(|state| state.sessions().count()), 0);
    assert!(store.read(|state| state.error().is_some()), "the app says so");

    drop(lock);
    let contents = workload::close_and_read(store, folder.path()).await;
    assert!(contents.sessions.is_empty(), "it must not appear later either");
}

/// Somebody else's transaction; ends when it is dropped.
fn lock(folder: &tempfile::TempDir) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(folder.path().join("switchboard.db")).expect("a database");
    connection.execute_batch("BEGIN IMMEDIATE").expect("nobody writes right now");
    connection
}

async fn wait_for_health(store: &Store, is_it: impl Fn(&Health) -> bool) {
    let (state, mut changes) = store.subscribe();
    let mut seen = is_it(state.health());
    while !seen {
        let _change = tokio::time::timeout(PATIENCE, changes.next()).await.expect("health changes in time");
        seen = store.read(|state| is_it(state.health()));
    }
}
