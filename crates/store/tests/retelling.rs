//! A state told anew, for a copy somewhere else.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{
    Answer, ApprovalEnd, ApprovalRequest, Change, RateLimit, RateLimitStatus, RequestId, Revision, SessionId,
    Timestamp, Waiting, WaitingReason,
};
use switchboard_store::{State, Telling};

use crate::fixtures::{World, agent, call, retold, unknown_session};

#[track_caller]
fn check_alike(copy: &State, state: &State) {
    assert_eq!(format!("{copy:?}"), format!("{state:?}"));
}

/// A store in which there is one of everything that a state can have.
async fn full_world() -> (World, Vec<SessionId>) {
    let world = World::start().await;
    let store = &world.store;
    let sessions = world.sessions(150).await;
    let id = sessions[0];
    for number in 0..200 {
        world.say(id, &format!("message {number}"));
    }
    store.stream_content(id, "half a th").expect("streamed");
    let _ = store.begin_tool_call(id, call("t1")).expect("called");
    store.progress_tool_call(id, "Bash", Duration::from_micros(1_234_567)).expect("told");
    let _ = store.queue_message(id, "and then").expect("queued");
    let waiting = Waiting { reason: WaitingReason::Slot, since: Timestamp::from_micros(1) };
    store.set_waiting(sessions[1], Some(waiting)).expect("set");
    let _ = store.set_setting("theme", Some("dark".into())).expect("set");
    let _ = store.append_message(unknown_session(), agent("too late")).expect_err("an orphan");
    let limit = RateLimit { status: RateLimitStatus::Warning, resets_at: None, kind: None };
    store.report_rate_limit("builtin", limit);
    store.set_error(Some("oh".into()));
    store.set_active_session(Some(id)).expect("there");
    (world, sessions)
}

#[tokio::test]
async fn a_copy_made_of_what_is_told_is_like_the_original() {
    let (world, _) = full_world().await;
    let state = world.store.snapshot();
    check_alike(&retold(&state), &state);
    check_alike(&retold(&Arc::default()), &State::default());
}

#[tokio::test]
async fn more_settled_approvals_than_are_kept_are_told_all_the_same() {
    let world = World::start().await;
    let id = world.session().await;
    for number in 0..150 {
        let request_id = RequestId::new(format!("apr_{number}"));
        let request = ApprovalRequest { request_id, tool_name: "Bash".into(), input: 1.into(), suggestions: None };
        let _ = world.store.request_approval(id, request).expect("asked");
    }
    let _ = world.store.answer_approval(id, &RequestId::new("apr_7"), Answer::Deny).expect("answered");
    let _ = world.store.end_approvals(id, ApprovalEnd::Cancelled).expect("ended");
    let state = world.store.snapshot();
    check_alike(&retold(&state), &state);
}

#[tokio::test]
async fn a_copy_stays_like_the_original_when_it_is_told_what_comes_after() {
    let (world, sessions) = full_world().await;
    let (state, mut changes) = world.store.subscribe();
    let mut copy = retold(&state);
    world.say(sessions[0], "one more");
    let _ = world.store.delete_session(sessions[1]).expect("deleted");
    while let Some(published) = changes.try_next().expect("in time") {
        copy.apply(&published.change);
    }
    check_alike(&copy, &world.store.snapshot());
}

#[tokio::test]
async fn only_what_is_wanted_of_a_session_is_told() {
    let (world, sessions) = full_world().await;
    let wanted = |id: SessionId| match sessions.iter().position(|it| *it == id) {
        Some(0) => Telling::Transcript(70),
        Some(1) => Telling::Heading,
        _ => Telling::Nothing,
    };
    let mut copy = State::default();
    for change in world.store.snapshot().retell(|session| wanted(session.session().id)) {
        copy.apply(&change);
    }
    assert_eq!(copy.sessions().count(), 2);
    let transcript = copy.session(sessions[0]).expect("told").transcript();
    assert_eq!((transcript.messages().len(), transcript.last_seq().get()), (70, 200));
    assert_eq!(copy.projects().count(), 1);
}

#[tokio::test]
async fn nothing_told_is_large_however_much_there_is() {
    let (world, _) = full_world().await;
    for change in world.store.snapshot().retell(|_| Telling::Transcript(usize::MAX)) {
        if let Change::Hydrated(hydrated) = &change {
            assert!(hydrated.sessions.len() <= 64, "{}", hydrated.sessions.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_disk_is_told_how_far_it_is() {
    let world = World::start().await;
    let id = world.session().await;
    let seen = world.store.durable_revision();
    world.say(id, "hello");
    let revision = world.store.revision();
    assert_eq!(world.store.durable_past(seen).await, Some(revision));
    world.store.close(Duration::from_secs(1)).await.expect("closed");
    assert_eq!(world.store.durable_past(Revision::new(revision.get() + 100)).await, None);
}
