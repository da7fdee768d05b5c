//! No process of an agent outlives its session, whatever it did to get away.

use std::time::Duration;

use rstest::rstest;
use switchboard_tests::{Home, Stream, eventually, processes_with, within};

#[rstest]
#[case::children_in_its_group("fork")]
#[case::children_in_sessions_of_their_own("setsid")]
#[case::signals_ignored("ignore-term")]
#[case::deaf("deaf")]
#[case::output_closed("close-stdout")]
fn nothing_is_left_after_ctrl_c(#[case] prompt: &str) {
    let home = Home::new();
    home.configure_rogues(&[]);
    let mut running = home.start(["run", "--agent", "rogue", "--jsonl", prompt]);
    let _ = within(Duration::from_secs(5), || (running.has_ended() || out(&home, prompt)).then_some(()));
    running.interrupt();
    running.wait();
    assert_eq!(processes_with(&home.tag), [0; 0], "when the program has ended, so has everything it started");
}

/// Whether all that the prompt starts is there.
fn out(home: &Home, prompt: &str) -> bool {
    let expected = if matches!(prompt, "fork" | "setsid") { 4 } else { 1 };
    !home.prompts_heard().is_empty() && processes_with(&home.tag).len() == expected
}

#[test]
fn a_daemon_started_in_a_turn_that_ended_well_is_ended_too() {
    let home = Home::new();
    home.configure_rogues(&[]);
    home.run(["run", "--agent", "rogue", "daemon"]).expect_code(0);
    assert_eq!(processes_with(&home.tag), [0; 0]);
}

#[rstest]
#[case::children_in_its_group("fork")]
#[case::signals_ignored("ignore-term")]
fn the_next_start_ends_what_a_killed_one_left(#[case] prompt: &str) {
    let home = Home::new();
    home.configure_rogues(&[]);
    let running = home.start(["run", "--agent", "rogue", "--jsonl", prompt]);
    eventually("its processes", || out(&home, prompt).then_some(()));
    running
        .stdout
        .wait_for("the worker to be known on disk", |text| Stream::parse(text).worker_is_known().then_some(()));
    running.kill_nine();
    running.wait();
    home.run(["run", "--agent", "rogue", "polite"]).expect_code(0);
    assert_eq!(processes_with(&home.tag), [0; 0]);
}
