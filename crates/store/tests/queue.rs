//! Messages typed while the agent is busy.

use std::time::Duration;

use switchboard_domain::{Delivery, SessionId, SessionStatus};
use switchboard_store::Refused;

use crate::fixtures::World;

fn waiting(world: &World, id: SessionId) -> Vec<String> {
    world.store.read(|state| {
        state.session(id).into_iter().flat_map(|session| session.queue()).map(|it| it.content.clone()).collect()
    })
}

/// Takes the first message of the queue and hands it over.
fn deliver(world: &World, id: SessionId) -> Option<String> {
    let message = world.store.pop_queued(id).expect("the session is there").into_value()?;
    let _ = world.store.queued_delivered(id, message.id).expect("was popped");
    Some(message.content)
}

#[tokio::test(start_paused = true)]
async fn first_in_first_out_for_each_session_under_interleaving() {
    let world = World::start().await;
    let ids = world.sessions(3).await;
    for number in 0..10 {
        for (index, id) in ids.iter().enumerate() {
            let _ = world.store.queue_message(*id, &format!("{index}.{number}")).expect("queued");
        }
    }
    for number in 0..10 {
        for (index, id) in ids.iter().enumerate().rev() {
            assert_eq!(deliver(&world, *id), Some(format!("{index}.{number}")));
        }
    }
    assert!(ids.iter().all(|id| deliver(&world, *id).is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_order_of_a_queue_filled_from_many_tasks_survives_a_restart() {
    let world = World::start().await;
    let id = world.session().await;
    let typists = (0..8).map(|typist| {
        let store = world.store.clone();
        tokio::spawn(async move {
            for number in 0..100 {
                let _ = store.queue_message(id, &format!("{typist}.{number}")).expect("queued");
            }
        })
    });
    for typist in typists.collect::<Vec<_>>() {
        typist.await.expect("no panic");
    }
    world.store.flush().await.expect("saved");
    let before = waiting(&world, id);
    assert_eq!(before.len(), 800);
    let world = world.crash().await;
    assert_eq!(waiting(&world, id), before);
}

#[tokio::test(start_paused = true)]
async fn clearing_one_session_leaves_the_queues_of_the_others() {
    let world = World::start().await;
    let ids = world.sessions(2).await;
    for id in &ids {
        let _ = world.store.queue_message(*id, "next").expect("queued");
    }
    let _ = world.store.clear_session(ids[0]).expect("cleared");
    world.store.flush().await.expect("saved");
    let world = world.crash().await;
    assert_eq!((waiting(&world, ids[0]), waiting(&world, ids[1])), (vec![], vec!["next".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn edits_and_cancels_are_saved_and_keep_the_order() {
    let world = World::start().await;
    let id = world.session().await;
    let queued = ["one", "two", "three"].map(|text| world.store.queue_message(id, text).expect("queued").into_value());
    let _ = world.store.edit_queued(id, queued[0].id, "first").expect("edited");
    let taken = world.store.cancel_queued(id, queued[1].id).expect("cancelled");
    assert_eq!(taken.durable().await.expect("saved").content, "two");
    assert_eq!(world.store.edit_queued(id, queued[1].id, "no").expect_err("gone"), Refused::QueuedMessageNotFound);
    assert_eq!(waiting(&world, id), ["first", "three"]);
    let world = world.crash().await;
    assert_eq!(waiting(&world, id), ["first", "three"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_on_its_way_stays_in_the_queue_and_can_no_longer_be_changed() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.queue_message(id, "one").expect("queued");
    let _ = world.store.queue_message(id, "two").expect("queued");
    let popped = world.store.pop_queued(id).expect("there").into_value().expect("waiting");
    assert_eq!(waiting(&world, id), ["one", "two"]);
    assert_eq!(world.store.edit_queued(id, popped.id, "no").expect_err("leaving"), Refused::QueuedMessageLeaving);
    assert_eq!(world.store.cancel_queued(id, popped.id).expect_err("leaving"), Refused::QueuedMessageLeaving);
    assert_eq!(world.store.pop_queued(id).expect("there").into_value(), None, "one at a time");

    let _ = world.store.return_queued(id, popped.id, Delivery::Waiting).expect("came back");
    assert_eq!(world.store.pop_queued(id).expect("there").into_value().map(|it| it.content), Some("one".into()));
}

#[tokio::test(start_paused = true)]
async fn a_delivered_message_leaves_the_queue_enters_the_transcript_and_begins_a_turn() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.update_status(id, SessionStatus::Completed).expect("allowed");
    let _ = world.store.queue_message(id, "next").expect("queued");
    assert_eq!(deliver(&world, id), Some("next".into()));
    assert!(waiting(&world, id).is_empty());
    assert_eq!(world.shown(id), ["next"]);
    assert_eq!(
        world.store.read(|state| state.session(id).map(|it| it.session().status())),
        Some(SessionStatus::Running)
    );
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id), ["next"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_in_the_middle_of_sending_the_delivery_is_unknown_and_a_person_decides() {
    let world = World::start().await;
    let id = world.session().await;
    let queued = world.store.queue_message(id, "maybe").expect("queued").into_value();
    world.store.pop_queued(id).expect("there").durable().await.expect("saved");
    let world = world.crash().await;
    let delivery = |world: &World| world.store.read(|state| state.session(id)?.queued(queued.id).map(|it| it.delivery));
    assert_eq!(delivery(&world), Some(Delivery::Unknown));
    assert_eq!(world.store.pop_queued(id).expect("there").into_value(), None);
    let _ = world.store.return_queued(id, queued.id, Delivery::Waiting).expect("a person decided");
    assert_eq!(world.store.pop_queued(id).expect("there").into_value().map(|it| it.id), Some(queued.id));
}

#[tokio::test(start_paused = true)]
async fn a_queue_has_an_end() {
    let world = World::start().await;
    let id = world.session().await;
    let full = (0..100_000).find_map(|_| world.store.queue_message(id, "more").err());
    assert_eq!(full, Some(Refused::QueueFull));
    assert!(deliver(&world, id).is_some());
    assert!(world.store.queue_message(id, "room again").is_ok());
    world.store.close(Duration::from_secs(5)).await.expect("saved");
}
