//! Tool calls that wait for a yes or no.

use rstest::rstest;
use switchboard_domain::{Answer, ApprovalEnd, ApprovalRequest, ApprovalState, RequestId, SessionId, SessionStatus};
use switchboard_store::{Persistence, Refused, TurnEnd};

use crate::fixtures::World;

fn request(id: &str) -> ApprovalRequest {
    let input = serde_json::json!({ "command": "ls" });
    ApprovalRequest { request_id: RequestId::new(id), tool_name: "Bash".into(), input, suggestions: None }
}

fn state_of(world: &World, id: SessionId, request: &str) -> Option<ApprovalState> {
    world.store.read(|state| state.session(id)?.approval(&RequestId::new(request)).map(|it| it.state.clone()))
}

async fn saved_state(world: &World, id: SessionId, request: &str) -> Option<ApprovalState> {
    world.database.approval(id, &RequestId::new(request)).await.expect("readable").map(|it| it.state)
}

#[tokio::test(start_paused = true)]
async fn the_same_request_id_in_two_sessions_is_two_approvals() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    for id in &ids {
        let _ = world.store.request_approval(*id, request("apr_1")).expect("asked");
    }
    let apr_1 = RequestId::new("apr_1");
    let _ = world.store.answer_approval(ids[0], &apr_1, Answer::Deny).expect("answered");
    assert_eq!(state_of(&world, ids[1], "apr_1"), Some(ApprovalState::Pending));
    world.store.answer_approval(ids[1], &apr_1, Answer::ALLOW).expect("answered").durable().await.expect("saved");
    for (id, answer) in [(ids[0], Answer::Deny), (ids[1], Answer::ALLOW)] {
        let shown = state_of(&world, id, "apr_1");
        assert!(matches!(&shown, Some(ApprovalState::Answered { answer: given, .. }) if *given == answer), "{shown:?}");
        assert_eq!(saved_state(&world, id, "apr_1").await, shown);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_approval_is_answered_once_however_many_try() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.request_approval(id, request("apr_1")).expect("asked");
    let tries = (0..16).map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move { store.answer_approval(id, &RequestId::new("apr_1"), Answer::ALLOW).map(|_| ()) })
    });
    let mut answered = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Ok(()) => answered += 1,
            Err(refused) => assert_eq!(refused, Refused::AlreadyAnswered),
        }
    }
    assert_eq!(answered, 1);
}

#[rstest]
#[case::cancelled(ApprovalEnd::Cancelled)]
#[case::expired(ApprovalEnd::Expired)]
#[tokio::test(start_paused = true)]
async fn an_approval_that_ended_takes_no_answer_and_its_id_can_come_again(#[case] end: ApprovalEnd) {
    let world = World::start().await;
    let id = world.session().await;
    let apr_1 = RequestId::new("apr_1");
    let _ = world.store.request_approval(id, request("apr_1")).expect("asked");
    assert_eq!(world.store.request_approval(id, request("apr_1")).expect_err("twice"), Refused::AlreadyPending);
    let _ = world.store.end_approval(id, &apr_1, end).expect("ended");
    assert_eq!(world.store.answer_approval(id, &apr_1, Answer::ALLOW).expect_err("ended"), Refused::AlreadyAnswered);

    let _ = world.store.request_approval(id, request("apr_1")).expect("agents count anew");
    assert_eq!(state_of(&world, id, "apr_1"), Some(ApprovalState::Pending));
    world.store.flush().await.expect("saved");
    assert_eq!(saved_state(&world, id, "apr_1").await, Some(ApprovalState::Pending));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_ends_what_still_waits() {
    let world = World::start().await;
    let id = world.session().await;
    for name in ["apr_1", "apr_2"] {
        let _ = world.store.request_approval(id, request(name)).expect("asked");
    }
    let _ = world.store.answer_approval(id, &RequestId::new("apr_1"), Answer::ALLOW).expect("answered");
    let end = TurnEnd { status: SessionStatus::Aborted, error: None, approvals: ApprovalEnd::Cancelled };
    world.store.end_turn(id, end).expect("ended").durable().await.expect("saved");
    assert!(matches!(state_of(&world, id, "apr_1"), Some(ApprovalState::Answered { .. })));
    assert!(matches!(saved_state(&world, id, "apr_2").await, Some(ApprovalState::Cancelled { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_left_memory_before_it_was_saved_is_saved_all_the_same() {
    let world = World::start().await;
    let id = world.session().await;
    world.database.block_commits();
    let names: Vec<_> = (0..500).map(|number| format!("apr_{number}")).collect();
    for name in &names {
        let _ = world.store.request_approval(id, request(name)).expect("asked");
        let _ = world.store.answer_approval(id, &RequestId::new(name), Answer::Deny).expect("answered");
    }
    assert!(world.store.read(|state| state.session(id).map(|it| it.approvals().count())).expect("there") <= 101);
    world.database.release_commits();
    world.store.flush().await.expect("saved");
    for name in &names {
        assert!(matches!(saved_state(&world, id, name).await, Some(ApprovalState::Answered { .. })), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_asks_without_end_is_refused() {
    let world = World::start().await;
    let id = world.session().await;
    let refused = (0..10_000).find_map(|it| world.store.request_approval(id, request(&it.to_string())).err());
    assert_eq!(refused, Some(Refused::TooManyApprovals));
}

#[rstest]
#[case::unknown_session(true, Refused::SessionNotFound)]
#[case::unknown_request(false, Refused::ApprovalNotFound)]
#[tokio::test(start_paused = true)]
async fn there_is_no_answer_to(#[case] other_session: bool, #[case] refusal: Refused) {
    let world = World::start().await;
    let id = if other_session { crate::fixtures::unknown_session() } else { world.session().await };
    let refused = world.store.answer_approval(id, &RequestId::new("apr_1"), Answer::ALLOW);
    assert_eq!(refused.expect_err("nothing to answer"), refusal);
}
