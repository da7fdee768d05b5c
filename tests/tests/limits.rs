//! Limits, on the real program: who waits says so, loses nothing when the program is killed, and goes on.

use std::collections::BTreeSet;

use switchboard_domain::SessionStatus;
use switchboard_tests::{Contents, Home, Running, Stream};

#[test]
fn one_that_waits_when_the_program_is_killed_keeps_its_prompt_and_goes_on_later() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let prompts = home.prompts(&["mute", "mute"]).display().to_string();
    let mut command = home.command(["run", "--agent", "rogue", "--jsonl", "--parallel-file", &prompts]);
    let running = Running::start(command.env("SWITCHBOARD_AGENTS_MAX", "1"));
    running.stdout.wait_for_text("\"reason\":\"slot\"");
    running.stdout.wait_for("the one that works", |_| (!home.prompts_heard().is_empty()).then_some(()));
    running.kill_nine();
    let sessions = Stream::parse(&running.wait().stdout).sessions();
    let heard: BTreeSet<_> = home.prompts_heard().into_iter().map(|(session, _)| session).collect();
    assert_eq!((sessions.len(), heard.len()), (2, 1), "one agent at a time");
    let waiting = sessions.iter().find(|session| !heard.contains(session)).expect("one waited");
    assert_eq!(Contents::of_folder(&home.path()).texts(*waiting), ["mute"]);

    home.run(["send", &waiting.short(), "--approve", "all", "polite again"]).expect_code(0);
    home.wait_for_no_agents();
    let contents = Contents::of_folder(&home.path());
    assert_eq!(contents.texts(*waiting)[..2], ["mute", "polite again"]);
    assert_eq!(contents.sessions[waiting].status(), SessionStatus::Completed);
}

#[test]
fn agents_wait_for_memory_that_is_measured() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let prompts = home.prompts(&["polite one", "polite two", "polite three"]).display().to_string();
    let mut command = home.command(["run", "--agent", "rogue", "--jsonl", "--parallel-file", &prompts]);
    // Less than one agent is taken to need: one after the other.
    let running = Running::start(command.env("SWITCHBOARD_MEMORY_BYTES", "67108864"));
    running.stdout.wait_for_text("\"reason\":\"memory\"");
    let ended = running.wait().expect_code(0);
    let statuses = Stream::parse(&ended.stdout).statuses();
    assert!(statuses.values().all(|status| *status == SessionStatus::Completed), "{statuses:?}");
}
