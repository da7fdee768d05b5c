//! `kill -9` at random points, on the real store and the real database: what was promised is there.
//!
//! Two controls: a database that acknowledges before it commits, and one that loses one change in a
//! thousand. Both must be caught, or the check itself is broken.

use std::process::Command;
use std::thread;
use std::time::Duration;

use switchboard_tests::ledger::{Ledger, broken};
use switchboard_tests::{Contents, Running, Seed, eventually, program};

/// Lives of an honest scribe.
const LIVES: usize = 60;
/// A lie is told in every life, and any of them may show it.
const LIVES_OF_A_LIAR: usize = 40;
/// Lives in one data folder: recovery meets what an earlier recovery left.
const LIVES_IN_A_FOLDER: usize = 6;
/// From the first word in the ledger to the kill, at most.
const LIFE_MAX: Duration = Duration::from_millis(120);

#[test]
fn nothing_promised_is_lost_when_the_store_is_killed() {
    let mut seed = Seed::new();
    for _ in 0..LIVES / LIVES_IN_A_FOLDER {
        let folder = tempfile::tempdir().expect("room for temporary files");
        for life in 0..LIVES_IN_A_FOLDER {
            let found = broken_after_a_life(folder.path(), "honest", &mut seed);
            assert!(found.is_empty(), "in life {life}:\n{}", found.join("\n"));
        }
    }
}

#[test]
fn a_database_that_acknowledges_too_early_is_caught() {
    assert!(is_caught("early"), "the check finds nothing, so it proves nothing");
}

#[test]
fn a_database_that_loses_one_change_in_a_thousand_is_caught() {
    assert!(is_caught("forgetful"), "the check finds nothing, so it proves nothing");
}

fn is_caught(honesty: &str) -> bool {
    let mut seed = Seed::new();
    (0..LIVES_OF_A_LIAR).any(|_| {
        let folder = tempfile::tempdir().expect("room for temporary files");
        !broken_after_a_life(folder.path(), honesty, &mut seed).is_empty()
    })
}

/// Lets a scribe work, kills it, and looks at what it was promised in this life and all before.
fn broken_after_a_life(folder: &std::path::Path, honesty: &str, seed: &mut Seed) -> Vec<String> {
    let (data, path) = (folder.join("data"), folder.join("ledger"));
    let before = Ledger::read(&path).len();
    let mut scribe = Command::new(program::scribe());
    scribe.arg("--folder").arg(&data).arg("--ledger").arg(&path).args(["--honesty", honesty]);
    let mut scribe = Running::start(&mut scribe);
    let first_word = || {
        assert!(!scribe.has_ended(), "the scribe gave up: {}", scribe.stderr.text());
        (Ledger::read(&path).len() > before).then_some(())
    };
    eventually("the first word in the ledger", first_word);
    // Not to wait for something, but to be anywhere when it happens.
    thread::sleep(seed.shorter_than(LIFE_MAX));
    scribe.kill_nine();
    scribe.wait();
    broken(&Ledger::read(&path), &Contents::of_folder(&data))
}
