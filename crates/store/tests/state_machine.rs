//! The store against a simple model, on a database that fails, waits, does not know and dies.
//!
//! After every crash the disk must be what the model was at one moment, not before the last thing
//! that was acknowledged, but for the end of streamed text; and once the faults are over everything
//! must get there. Two ports that lie must be caught.

mod life;
mod model;
mod picture;

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};
use switchboard_store::testing::{CommitStep, Lie};

use life::Life;

/// What happens next. A number picks one of the things there are.
#[derive(Clone, Debug)]
enum Step {
    Create,
    Act(usize, Action),
    SetSetting(u8, Option<u8>),
    /// The writer gets this much time.
    Wait(Duration),
    /// Somebody waits for the newest receipt, for a while.
    AwaitNewest,
    Flush,
    /// The next commits do this.
    Fault(Vec<CommitStep>),
    /// The machine dies, and the app starts again.
    Crash,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
enum Action {
    Say,
    BeginTurn,
    EndTurn,
    Stream,
    CallTool,
    FinishTool,
    Queue,
    Pop,
    Deliver,
    Ask,
    Answer,
    SetTitle,
    Clear,
    Delete,
}

fn action() -> impl Strategy<Value = Action> {
    use Action as Is;
    prop_oneof![
        6 => Just(Is::Say),
        2 => Just(Is::BeginTurn),
        2 => Just(Is::EndTurn),
        4 => Just(Is::Stream),
        2 => Just(Is::CallTool),
        2 => Just(Is::FinishTool),
        2 => Just(Is::Queue),
        2 => Just(Is::Pop),
        2 => Just(Is::Deliver),
        1 => Just(Is::Ask),
        1 => Just(Is::Answer),
        1 => Just(Is::SetTitle),
        1 => Just(Is::Clear),
        1 => Just(Is::Delete),
    ]
}

fn commit_step() -> impl Strategy<Value = CommitStep> {
    prop_oneof![
        Just(CommitStep::Pass),
        (0_u64..3_000).prop_map(|ms| CommitStep::Delay(Duration::from_millis(ms))),
        Just(CommitStep::NotWritten),
        Just(CommitStep::UnknownButWritten),
        Just(CommitStep::UnknownAndLost),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Create),
        30 => (0_usize..4, action()).prop_map(|(session, action)| Step::Act(session, action)),
        1 => (0_u8..3, any::<Option<u8>>()).prop_map(|(key, value)| Step::SetSetting(key, value)),
        8 => (0_u64..400).prop_map(|ms| Step::Wait(Duration::from_millis(ms))),
        4 => Just(Step::AwaitNewest),
        1 => Just(Step::Flush),
        3 => proptest::collection::vec(commit_step(), 1..6).prop_map(Step::Fault),
        2 => Just(Step::Crash),
    ]
}

/// Does all steps and checks along the way.
fn check(story: Vec<Step>, lie: Lie) -> Result<(), TestCaseError> {
    let mut world = Life::first(lie);
    for step in story {
        match step {
            Step::Create => world.create()?,
            Step::Act(session, action) => world.act(session, action)?,
            Step::SetSetting(key, value) => world.set_setting(key, value),
            Step::Wait(time) => world.wait(time),
            Step::AwaitNewest => world.await_newest()?,
            Step::Flush => world.flush()?,
            Step::Fault(steps) => world.database().script(steps),
            Step::Crash => world = world.crash()?,
        }
        world.check_memory()?;
    }
    world.end_well()
}

fn run(mut runner: TestRunner, lie: Lie) -> Result<(), TestError<Vec<Step>>> {
    runner.run(&proptest::collection::vec(step(), 1..80), |story| check(story, lie))
}

#[test]
fn the_store_does_what_the_model_says_whatever_the_disk_does() {
    let config = Config { source_file: Some(file!()), ..Config::default() };
    // The seed of a failure is printed and kept next to the tests; `PROPTEST_CASES` makes it run longer.
    if let Err(failure) = run(TestRunner::new(config), Lie::Nothing) {
        panic!("{failure}");
    }
}

/// A lie must be found within as many stories as an honest port survives; the same ones in each run.
#[track_caller]
fn check_caught(lie: Lie) {
    let config = Config { failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    match run(TestRunner::new_with_rng(config, rng), lie) {
        Err(TestError::Fail(reason, _)) => assert!(reason.message().contains("the disk"), "for no reason: {reason}"),
        other => panic!("{lie:?} was not caught: {other:?}"),
    }
}

#[test]
fn a_port_that_acknowledges_before_it_writes_is_caught_by_the_model() {
    check_caught(Lie::AcknowledgeEarly);
}

#[test]
fn a_port_that_drops_one_write_in_fifty_is_caught_by_the_model() {
    check_caught(Lie::Drop { after: 19, one_in: 50 });
}
