//! Many sessions written to at once: each has exactly its own messages, in order, in memory and on disk.

use rstest::rstest;
use switchboard_domain::{MessageBody, Role, SessionId, SessionStatus};
use switchboard_store::Store;
use switchboard_tests::workload;
use tokio::task::JoinSet;

#[rstest]
#[case::five_sessions_of_ten(5, 10)]
#[case::a_hundred_sessions_of_a_thousand(100, 1_000)]
#[tokio::test(flavor = "multi_thread")]
async fn each_session_has_exactly_its_own_messages_in_order(#[case] sessions: usize, #[case] messages: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let ids = workload::sessions(&store, sessions).await;
    let mut writers = JoinSet::new();
    for id in ids.clone() {
        let store = store.clone();
        writers.spawn(async move {
            for number in 1..=messages {
                store.ready().await;
                let body = MessageBody::text(Role::Assistant, own_text(id, number));
                let _receipt = store.append_message(id, body).expect("the session is there");
            }
        });
    }
    writers.join_all().await;

    let expected = |id| (1..=messages).map(|number| own_text(id, number)).collect::<Vec<_>>();
    store.flush().await.expect("the disk takes everything");
    for id in &ids {
        assert_eq!(texts_in_memory(&store, *id), expected(*id), "in memory");
    }
    let contents = workload::close_and_read(store, folder.path()).await;
    for id in &ids {
        assert_eq!(contents.texts(*id), expected(*id), "on disk");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_of_many_sessions_change_at_once_and_each_keeps_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let ids = workload::sessions(&store, 50).await;
    let stranger = SessionId::new(uuid::Uuid::now_v7());
    let finals = [SessionStatus::Completed, SessionStatus::Failed, SessionStatus::Aborted];
    let mut changes = JoinSet::new();
    for (index, id) in ids.iter().copied().enumerate() {
        let store = store.clone();
        changes.spawn(async move {
            let _receipt = store.update_status(id, finals[index % finals.len()]).expect("it runs");
            assert!(store.update_status(stranger, SessionStatus::Failed).is_err(), "nobody knows this session");
        });
    }
    changes.join_all().await;
    let contents = workload::close_and_read(store, folder.path()).await;
    assert_eq!(contents.sessions.len(), ids.len());
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(contents.sessions[id].status(), finals[index % finals.len()]);
    }
}

fn own_text(id: SessionId, number: u64) -> String {
    format!("{id} says {number}")
}

fn texts_in_memory(store: &Store, id: SessionId) -> Vec<String> {
    store.read(|state| {
        let session = state.session(id).expect("it is there");
        session.transcript().messages().map(|message| message.body.content.clone()).collect()
    })
}
