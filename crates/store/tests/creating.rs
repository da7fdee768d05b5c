//! Creating a session: on disk first, or not at all.

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{NewSession, SessionId};
use switchboard_store::testing::CommitStep;
use switchboard_store::{CreateError, Persistence, Write};
use tokio::time::{sleep, timeout};

use crate::fixtures::{World, eventually};

async fn sessions_on_disk(world: &World) -> Vec<NewSession> {
    let stored = world.database.sessions().await.expect("readable");
    let as_asked = |session: switchboard_domain::Session| NewSession {
        id: session.id,
        project_id: session.project_id,
        agent: session.agent,
        prompt: session.prompt,
        title: Some(session.title),
        model: session.model,
    };
    stored.into_iter().map(|it| as_asked(it.session)).collect()
}

/// No session, the error set, and nothing on disk even after everything works again.
async fn check_nothing_is_left(world: &World, id: SessionId) {
    assert!(world.store.snapshot().session(id).is_none());
    let error = world.store.read(|state| state.error().map(str::to_owned)).expect("the error is set");
    assert!(error.contains("could not be created"), "{error}");
    world.database.heal();
    world.store.flush().await.expect("saved");
    assert!(sessions_on_disk(world).await.is_empty());
    assert!(world.database.database().dead_letters().is_empty());
    assert!(world.store.snapshot().session(id).is_none());
}

#[rstest]
#[case::fails(CommitStep::NotWritten)]
#[case::does_not_know_and_forgot(CommitStep::UnknownAndLost)]
#[case::does_not_know_and_wrote(CommitStep::UnknownButWritten)]
#[case::takes_its_time(CommitStep::Delay(Duration::from_secs(20)))]
#[tokio::test(start_paused = true)]
async fn a_session_is_not_created_when_the_database(#[case] step: CommitStep) {
    let world = World::start().await;
    world.database.fail_all_commits(step);
    let new = world.new_session();
    let id = new.id;
    let error = world.store.create_session(new).await.expect_err("the database fails");
    assert!(matches!(error, CreateError::NotSaved { .. }), "{error:?}");
    check_nothing_is_left(&world, id).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_database_refuses_is_not_created() {
    let world = World::start().await;
    world.database.refuse_where(|write| matches!(write, Write::Session(_)));
    let new = world.new_session();
    let id = new.id;
    let error = world.store.create_session(new).await.expect_err("refused");
    assert!(matches!(error, CreateError::Refused { .. }), "{error:?}");
    check_nothing_is_left(&world, id).await;
}

#[rstest]
#[case::fails(CommitStep::NotWritten)]
#[case::does_not_know_and_wrote(CommitStep::UnknownButWritten)]
#[case::takes_its_time(CommitStep::Delay(Duration::from_millis(300)))]
#[tokio::test(start_paused = true)]
async fn a_dropped_call_takes_the_creation_back_when_the_database(#[case] step: CommitStep) {
    let world = World::start().await;
    world.database.fail_commits(2, step);
    let new = world.new_session();
    let id = new.id;
    assert!(timeout(Duration::from_millis(10), world.store.create_session(new)).await.is_err());
    sleep(Duration::from_secs(5)).await;
    world.store.flush().await.expect("saved");
    assert!(world.store.snapshot().session(id).is_none());
    assert!(sessions_on_disk(&world).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_session_taken_back_is_gone_from_the_disk_with_the_next_batch_that_gets_through() {
    let world = World::start().await;
    world.database.fail_all_commits(CommitStep::UnknownButWritten);
    world.store.create_session(world.new_session()).await.expect_err("never known");
    assert_eq!(sessions_on_disk(&world).await.len(), 1, "it did get there");
    let commits = world.database.stepped(CommitStep::Pass);
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.database.fail_commits(1, CommitStep::Pass);
    eventually(|| world.database.stepped(CommitStep::Pass) > commits).await;
    assert!(sessions_on_disk(&world).await.is_empty(), "a crash now must not bring it back");
}

#[tokio::test(start_paused = true)]
async fn nobody_sees_a_session_before_it_is_on_disk() {
    let world = World::start().await;
    world.database.block_commits();
    let (store, new) = (world.store.clone(), world.new_session());
    let id = new.id;
    let creation = tokio::spawn(async move { store.create_session(new).await });
    sleep(Duration::from_secs(1)).await;
    assert!(world.store.snapshot().session(id).is_none());
    world.database.release_commits();
    let session = creation.await.expect("no panic").expect("created");
    assert_eq!(session.session().id, id);
    assert_eq!(sessions_on_disk(&world).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn asking_again_gives_the_session_that_is_there() {
    let world = World::start().await;
    let new = world.new_session();
    let first = world.store.create_session(new.clone()).await.expect("created");
    let again = world.store.create_session(NewSession { prompt: "else".into(), ..new }).await.expect("there");
    assert!(Arc::ptr_eq(&first, &again));
}

#[tokio::test(start_paused = true)]
async fn a_session_taken_back_can_be_asked_for_again_with_another_prompt() {
    let world = World::start().await;
    world.database.block_commits();
    let new = world.new_session();
    assert!(timeout(Duration::from_millis(10), world.store.create_session(new.clone())).await.is_err());
    let (store, again) = (world.store.clone(), NewSession { prompt: "something else".into(), ..new });
    let creation = tokio::spawn(async move { store.create_session(again).await });
    sleep(Duration::from_millis(10)).await;
    world.database.fail_all_commits(CommitStep::NotWritten);
    world.database.script([CommitStep::Pass]);
    world.database.release_commits();
    sleep(Duration::from_millis(100)).await;
    assert!(!creation.is_finished(), "only the first of the two is on disk");
    world.database.heal();
    let created = creation.await.expect("no panic").expect("created");
    assert_eq!(created.session().prompt, "something else");
    world.say(new.id, "hello");
    world.store.flush().await.expect("saved");
    let on_disk: Vec<_> = sessions_on_disk(&world).await.into_iter().map(|it| it.prompt).collect();
    assert_eq!(on_disk, ["something else"]);
    assert_eq!(world.saved(new.id), ["hello"]);
}

#[tokio::test(start_paused = true)]
async fn two_callers_who_ask_for_the_same_session_make_one() {
    let world = World::start().await;
    let new = world.new_session();
    let (first, second) = tokio::join!(world.store.create_session(new.clone()), world.store.create_session(new));
    first.expect("created");
    assert!(second.is_ok_and(|it| it.session().prompt == "do it") || sessions_on_disk(&world).await.len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_needs_a_project_that_is_there() {
    let world = World::start().await;
    let _ = world.store.remove_project(world.project.id).expect("removed");
    let error = world.store.create_session(world.new_session()).await.expect_err("removed");
    assert_eq!(error, CreateError::ProjectNotFound);
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_creates_nothing() {
    let world = World::start().await;
    world.store.close(Duration::from_secs(1)).await.expect("closed");
    let error = timeout(Duration::from_secs(1), world.store.create_session(world.new_session())).await;
    assert_eq!(error.expect("at once").expect_err("closed"), CreateError::Closed);
}
