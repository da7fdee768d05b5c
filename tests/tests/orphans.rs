//! No process of an agent outlives its session, whatever it did to get away.

use std::ffi::OsStr;
use std::thread;
use std::time::Duration;

use rstest::rstest;
use switchboard_tests::{Home, Stream, eventually, processes_with, program, within};

/// Data folders that are worked in at the same time: most of a cycle is waiting for what ignores `SIGTERM`.
const FOLDERS: usize = 5;
/// Runs one after the other in one folder.
const RUNS: usize = 4;
/// Commands started and ended in one run: a hundred cycles in all.
const COMMANDS: usize = 5;
/// Processes that one command starts, each in another way.
const CHILDREN: usize = 3;

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

/// How the commands of a run come to their end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// They are done, and leave their children behind.
    Done,
    /// Somebody presses Ctrl-C.
    Interrupted,
    /// Somebody presses it twice.
    Impatient,
}

#[test]
fn a_hundred_commands_started_and_ended_leave_no_process() {
    let folders: Vec<_> = (0..FOLDERS).map(|_| thread::spawn(start_and_end_commands)).collect();
    for folder in folders {
        folder.join().expect("nothing is left");
    }
}

fn start_and_end_commands() {
    let home = Home::new();
    for end in [End::Done, End::Interrupted, End::Impatient].into_iter().cycle().take(RUNS) {
        let how = if matches!(end, End::Done) { "leave" } else { "stay" };
        let prompts = home.prompts(&[how; COMMANDS]);
        let command = command_with_children(&home);
        let run = ["run", "--jsonl", "--exec", &command, "--parallel-file"].map(OsStr::new);
        let running = home.start(run.into_iter().chain([prompts.as_os_str()]));
        if !matches!(end, End::Done) {
            let all_out = || (processes_with(&home.tag).len() == COMMANDS * CHILDREN).then_some(());
            eventually("every child of every command", all_out);
            running.interrupt();
        }
        if let End::Impatient = end {
            running.interrupt();
        }
        running.wait();
        // Who leaves at once waits for nothing: what stays behind, the next start ends. The last run is no such one.
        if !matches!(end, End::Impatient) {
            assert_eq!(processes_with(&home.tag), [0; 0], "after commands that were {end:?}");
        }
    }
}

/// A shell that starts a child as children usually are, one that ignores signals and one that leaves
/// for a session of its own; then waits for them or leaves them, as its prompt says.
fn command_with_children(home: &Home) -> String {
    let rogue = format!("'{}' --tag {}", program::rogue().display(), home.tag.as_str());
    let quiet = "</dev/null >/dev/null 2>&1 &";
    format!(
        "read -r how; {rogue} lurk {quiet} (trap '' TERM INT HUP; exec {rogue} lurk) {quiet} {rogue} lurk-apart {quiet} \
         echo out; test \"$how\" = leave || wait"
    )
}
