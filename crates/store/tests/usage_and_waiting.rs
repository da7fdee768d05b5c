//! Tokens that add up, and waiting that is in memory only.

use switchboard_domain::{MessageBody, Timestamp, Usage, Waiting, WaitingReason};
use switchboard_store::Refused;

use crate::fixtures::{World, agent, unknown_session};

fn spending(input_tokens: u64, output_tokens: u64) -> MessageBody {
    MessageBody { usage: Some(Usage { input_tokens, output_tokens, ..Usage::default() }), ..agent("said") }
}

#[tokio::test(start_paused = true)]
async fn the_tokens_of_messages_add_up_and_survive_a_crash() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.append_message(id, spending(10, 1)).expect("appended");
    world.say(id, "nothing is said about tokens");
    let last = world.store.append_message(id, spending(u64::MAX, 2)).expect("appended");
    let usage = |world: &World| world.store.read(|state| state.session(id).expect("there").session().usage);
    let wanted = Usage { input_tokens: u64::MAX, output_tokens: 3, ..Usage::default() };
    assert_eq!(usage(&world), wanted);
    last.durable().await.expect("saved");
    let world = world.crash().await;
    assert_eq!(usage(&world), wanted);
    assert_eq!(wanted.total(), u64::MAX);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_published_once_and_ends_with_a_restart() {
    let world = World::start().await;
    let id = world.session().await;
    let (_, mut changes) = world.store.subscribe();
    let waiting = Waiting { reason: WaitingReason::Slot, since: Timestamp::from_micros(1) };
    for _ in 0..2 {
        world.store.set_waiting(id, Some(waiting.clone())).expect("set");
    }
    assert_eq!(world.store.read(|state| state.session(id).expect("there").waiting().cloned()), Some(waiting));
    assert!(changes.try_next().expect("kept").is_some());
    assert!(changes.try_next().expect("kept").is_none(), "the same again is no news");
    assert_eq!(world.store.set_waiting(unknown_session(), None), Err(Refused::SessionNotFound));

    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    assert!(world.store.read(|state| state.session(id).expect("there").waiting().is_none()));
}
