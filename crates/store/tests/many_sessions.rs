//! Many sessions at once, and events for sessions that are not there.

use std::collections::BTreeSet;

use rstest::rstest;
use switchboard_domain::{Health, SessionStatus};
use switchboard_store::Refused;

use crate::fixtures::{World, agent, numbers, unknown_session};

#[rstest]
#[case::five_by_ten(5, 10)]
#[case::a_hundred_by_a_thousand(100, 1_000)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rapid_fire_messages_stay_in_their_session_and_in_order(#[case] sessions: usize, #[case] messages: usize) {
    let world = World::start().await;
    let ids = world.sessions(sessions).await;
    let speakers = ids.iter().map(|id| {
        let (store, id) = (world.store.clone(), *id);
        tokio::spawn(async move {
            for number in 1..=messages {
                store.ready().await;
                let _ = store.append_message(id, agent(&number.to_string())).expect("appended");
                if number % 10 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    for speaker in speakers.collect::<Vec<_>>() {
        speaker.await.expect("no panic");
    }
    world.store.flush().await.expect("saved");
    for id in ids {
        assert_eq!(world.shown(id), numbers(1..=messages));
        assert_eq!(world.saved(id), numbers(1..=messages));
        let places: Vec<_> = world.database.database().transcript(id).iter().map(|it| it.seq.get()).collect();
        assert!(places.into_iter().eq(1..=u64::try_from(messages).expect("small")));
    }
}

#[tokio::test]
async fn a_message_has_one_id_and_one_timestamp_in_memory_and_on_disk() {
    let world = World::start().await;
    let id = world.session().await;
    let receipt = world.store.append_message(id, agent("hello")).expect("appended");
    let message = receipt.durable().await.expect("saved");
    assert_eq!(world.database.database().transcript(id), std::slice::from_ref(&message));
    let shown = world.store.read(|state| state.session(id).and_then(|it| it.transcript().get(message.seq).cloned()));
    assert_eq!(shown, Some(message));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statuses_of_many_sessions_change_at_once() {
    let world = World::start().await;
    let ids = world.sessions(50).await;
    let statuses = [SessionStatus::Completed, SessionStatus::Failed, SessionStatus::Aborted];
    let changes = ids.iter().zip(statuses.into_iter().cycle()).map(|(id, status)| {
        let (store, id) = (world.store.clone(), *id);
        tokio::spawn(async move { store.update_status(id, status).expect("allowed").durable().await })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.expect("no panic").expect("saved");
    }
    let saved = switchboard_store::Persistence::sessions(&world.database).await.expect("readable");
    for (id, status) in ids.iter().zip(statuses.into_iter().cycle()) {
        assert_eq!(world.store.read(|state| state.session(*id).map(|it| it.session().status())), Some(status));
        let stored = saved.iter().find(|stored| stored.session.id == *id).expect("saved");
        assert_eq!((stored.session.status(), stored.session.ended_at().is_some()), (status, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_of_an_unknown_session_changes_nothing() {
    let world = World::start().await;
    let id = world.session().await;
    let before = format!("{:?}", world.store.snapshot().session(id));
    let refused = world.store.update_status(unknown_session(), SessionStatus::Failed);
    assert_eq!(refused.expect_err("unknown"), Refused::SessionNotFound);
    assert_eq!(format!("{:?}", world.store.snapshot().session(id)), before);
    assert_eq!(world.store.read(|state| state.health().clone()), Health::Healthy);
    assert!(world.store.update_status(id, SessionStatus::Completed).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_late_event_for_a_deleted_session_is_an_orphan_and_touches_nothing() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    world.say(ids[1], "stays");
    let _ = world.store.delete_session(ids[0]).expect("deleted");
    let refused = world.store.append_message(ids[0], agent("late")).expect_err("gone");
    assert_eq!(refused, Refused::SessionNotFound);
    world.store.stream_content(ids[0], "late").expect_err("gone");
    world.store.flush().await.expect("saved");

    let state = world.store.snapshot();
    assert_eq!(state.orphans().count(), 2);
    let kinds: Vec<_> = state.orphans().newest().map(|orphan| (orphan.session_id, orphan.kind.as_str())).collect();
    assert_eq!(kinds, [(ids[0], "message"), (ids[0], "delta")]);
    assert_eq!((world.shown(ids[1]), world.saved(ids[1])), (vec!["stays".into()], vec!["stays".into()]));
    assert!(world.saved(ids[0]).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_orphans_is_counted_and_only_the_newest_are_kept() {
    let world = World::start().await;
    let ghosts: Vec<_> = (0..1_000).map(|_| unknown_session()).collect();
    for ghost in &ghosts {
        world.store.stream_content(*ghost, "boo").expect_err("unknown");
    }
    let state = world.store.snapshot();
    assert_eq!(state.orphans().count(), 1_000);
    let kept: Vec<_> = state.orphans().newest().map(|orphan| orphan.session_id).collect();
    assert_eq!(kept, ghosts[ghosts.len() - kept.len()..]);
    assert!(kept.len() <= 256 && kept.iter().collect::<BTreeSet<_>>().len() == kept.len());
}
