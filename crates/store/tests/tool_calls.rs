//! Tool calls: pending until a message takes them up, and answered wherever they are.

use switchboard_domain::{ApprovalEnd, MessageBody, Role, SessionId, SessionStatus, ToolCall};
use switchboard_store::TurnEnd;

use crate::fixtures::{World, agent, call, result};

fn begin(world: &World, id: SessionId, name: &str) {
    let _ = world.store.begin_tool_call(id, call(name)).expect("begun");
}

fn finish(world: &World, id: SessionId, name: &str) {
    let _ = world.store.finish_tool_call(id, result(name)).expect("finished");
}

/// Name and whether it is answered, of a message's calls.
fn outcomes(calls: &[ToolCall]) -> Vec<(String, bool)> {
    let name = |call: &ToolCall| call.id.as_ref().map(ToString::to_string).unwrap_or_default();
    calls.iter().map(|call| (name(call), call.output.is_some())).collect()
}

fn pending(world: &World, id: SessionId) -> Vec<(String, bool)> {
    world.store.read(|state| outcomes(state.session(id).expect("there").draft().tool_calls.as_slice()))
}

/// The calls of each message, on disk; the same as in memory.
async fn saved(world: &World, id: SessionId) -> Vec<Vec<(String, bool)>> {
    world.store.flush().await.expect("saved");
    let on_disk = world.database.database().transcript(id);
    let in_memory: Vec<_> =
        world.store.snapshot().session(id).expect("there").transcript().messages().cloned().collect();
    assert_eq!(on_disk, in_memory);
    on_disk.iter().map(|message| outcomes(&message.body.tool_calls)).collect()
}

fn done(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|name| ((*name).to_owned(), true)).collect()
}

async fn end_turn(world: &World, id: SessionId) {
    let end = TurnEnd { status: SessionStatus::Completed, error: None, approvals: ApprovalEnd::Expired };
    world.store.end_turn(id, end).expect("ended").durable().await.expect("saved");
}

#[tokio::test(start_paused = true)]
async fn pending_calls_merge_into_the_next_message() {
    let world = World::start().await;
    let id = world.session().await;
    begin(&world, id, "t1");
    begin(&world, id, "t2");
    finish(&world, id, "t1");
    assert_eq!(pending(&world, id), [("t1".into(), true), ("t2".into(), false)]);
    let body = MessageBody { tool_calls: vec![call("t1")], ..agent("done") };
    let _ = world.store.append_message(id, body).expect("appended");
    assert!(pending(&world, id).is_empty());
    assert_eq!(saved(&world, id).await, [[("t1".into(), true), ("t2".into(), false)]]);
}

#[tokio::test(start_paused = true)]
async fn a_late_result_finds_its_message() {
    let world = World::start().await;
    let id = world.session().await;
    begin(&world, id, "t1");
    world.say(id, "working on it");
    world.say(id, "still at it");
    assert_eq!(saved(&world, id).await, [vec![("t1".into(), false)], vec![]]);
    finish(&world, id, "t1");
    assert!(pending(&world, id).is_empty());
    assert_eq!(saved(&world, id).await, [done(&["t1"]), vec![]]);
}

#[tokio::test(start_paused = true)]
async fn a_late_result_while_its_message_is_on_its_way_to_the_disk_gets_there() {
    let world = World::start().await;
    let id = world.session().await;
    begin(&world, id, "t1");
    world.database.block_commits();
    world.say(id, "working on it");
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    finish(&world, id, "t1");
    world.database.release_commits();
    assert_eq!(saved(&world, id).await, [done(&["t1"])]);
}

#[tokio::test(start_paused = true)]
async fn a_result_does_not_reach_into_the_turn_before() {
    let world = World::start().await;
    let id = world.session().await;
    let body = MessageBody { tool_calls: vec![ToolCall { id: None, ..call("t1") }], ..agent("first") };
    let _ = world.store.append_message(id, body).expect("appended");
    let _ = world.store.begin_turn(id, "next").expect("begun");
    finish(&world, id, "t2");
    assert_eq!(pending(&world, id), done(&["t2"]));
    let first = world.store.read(|state| state.session(id)?.transcript().messages().next().cloned()).expect("there");
    assert_eq!(first.body.tool_calls[0].output, None);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_flushes_pending_calls_onto_the_last_message() {
    let world = World::start().await;
    let id = world.session().await;
    world.say(id, "first");
    world.say(id, "last");
    begin(&world, id, "t1");
    finish(&world, id, "t1");
    end_turn(&world, id).await;
    assert!(pending(&world, id).is_empty());
    assert_eq!(saved(&world, id).await, [vec![], done(&["t1"])]);
}

#[tokio::test(start_paused = true)]
async fn pending_calls_without_a_message_of_the_agent_get_one_of_their_own() {
    let world = World::start().await;
    let id = world.session().await;
    let _ = world.store.append_message(id, MessageBody::text(Role::User, "go")).expect("appended");
    begin(&world, id, "t1");
    end_turn(&world, id).await;
    assert_eq!(saved(&world, id).await, [vec![], vec![("t1".into(), false)]]);
}

#[tokio::test(start_paused = true)]
async fn pending_calls_survive_a_crash() {
    let world = World::start().await;
    let id = world.session().await;
    begin(&world, id, "t1");
    world.store.finish_tool_call(id, result("t1")).expect("finished").durable().await.expect("saved");
    let world = world.crash().await;
    assert_eq!(saved(&world, id).await, [done(&["t1"])]);
}

#[tokio::test(start_paused = true)]
async fn calls_without_end_are_all_kept_in_messages_of_bounded_size() {
    const CALLS: usize = 2_000;
    let world = World::start().await;
    let id = world.session().await;
    world.say(id, "let me see");
    for number in 0..CALLS {
        begin(&world, id, &number.to_string());
        finish(&world, id, &number.to_string());
    }
    end_turn(&world, id).await;
    let messages = saved(&world, id).await;
    assert!(messages.iter().all(|calls| calls.len() <= 512), "rows are written whole each time");
    let names: Vec<_> = messages.concat().into_iter().map(|(name, _)| name).collect();
    assert!(names.into_iter().eq((0..CALLS).map(|number| number.to_string())));
}

#[tokio::test(start_paused = true)]
async fn big_calls_do_not_pile_up_in_the_draft() {
    let world = World::start().await;
    let id = world.session().await;
    for number in 0..20 {
        let input = serde_json::json!({ "file": "x".repeat(300_000) });
        let big = ToolCall { input, ..call(&number.to_string()) };
        let _ = world.store.begin_tool_call(id, big).expect("begun");
        assert!(pending(&world, id).len() <= 5);
    }
    end_turn(&world, id).await;
    assert_eq!(saved(&world, id).await.concat().len(), 20);
}
