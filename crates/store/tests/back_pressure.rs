//! Agents wait while too much is unsaved.

use std::time::Duration;

use switchboard_store::StoreConfig;
use switchboard_store::testing::CommitStep;
use tokio::time::timeout;

use crate::fixtures::World;

const SOON: Duration = Duration::from_secs(2);

async fn small_world() -> World {
    World::with(StoreConfig { unsaved_bytes_max: 100_000, ..StoreConfig::default() }).await
}

#[tokio::test(start_paused = true)]
async fn agents_wait_while_too_much_is_unsaved_and_go_on_when_it_is_saved() {
    let world = small_world().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    let mut said = 0;
    while timeout(Duration::ZERO, world.store.ready()).await.is_ok() {
        world.say(id, &"x".repeat(1_000));
        said += 1;
        assert!(said < 1_000, "nobody holds the agent back");
    }
    assert!(timeout(Duration::from_mins(1), world.store.ready()).await.is_err());
    world.database.heal();
    timeout(SOON, world.store.ready()).await.expect("room again");
    world.store.flush().await.expect("saved");
    assert_eq!(world.saved(id).len(), said, "nothing was thrown away");
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_to_the_disk_counts_as_unsaved() {
    let world = small_world().await;
    let id = world.session().await;
    world.database.block_commits();
    world.say(id, &"x".repeat(200_000));
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(timeout(Duration::from_mins(1), world.store.ready()).await.is_err());
    world.database.release_commits();
    timeout(SOON, world.store.ready()).await.expect("room again");
}

#[tokio::test(start_paused = true)]
async fn actions_of_people_go_through_while_agents_wait() {
    let world = small_world().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.say(id, &"x".repeat(200_000));
    let _ = world.store.queue_message(id, "still here").expect("queued");
    assert_eq!(world.store.read(|state| state.session(id).map(|it| it.queue().len())), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_holds_nobody_back() {
    let world = small_world().await;
    let id = world.session().await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.say(id, &"x".repeat(200_000));
    world.store.close(Duration::from_millis(100)).await.expect_err("unsaved");
    timeout(SOON, world.store.ready()).await.expect("nothing to wait for");
}
