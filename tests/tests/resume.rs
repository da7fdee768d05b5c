//! The terminal is closed, the daemon is killed, the daemon is replaced: nothing is missing, and everything goes on.

use serde_json::Value;
use switchboard_tests::{Home, Terminal, eventually, processes_with};

fn home() -> Home {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    home
}

fn sessions(home: &Home) -> Vec<Value> {
    serde_json::from_str(&home.run(["ls", "--json"]).expect_code(0).stdout).expect("a list")
}

fn statuses(home: &Home) -> Vec<String> {
    sessions(home).iter().map(|session| session["status"].as_str().expect("a status").to_owned()).collect()
}

#[test]
fn an_agent_goes_on_when_the_terminal_is_closed_and_nothing_of_it_is_missing() {
    let home = home();
    let terminal = Terminal::start(&home, "run --agent rogue ticker 20");
    terminal.wait_for("number 5");
    terminal.close();
    assert_eq!(processes_with(&home.tag).len(), 1, "the agent goes on");
    let told = |number: usize| format!("number {number}\n");
    eventually("what it said afterwards", || home.run(["show", "last"]).stdout.contains(&told(100)).then_some(()));
    let shown = home.run(["show", "last"]).expect_code(0).stdout;
    assert!((1..=100).all(|number| shown.contains(&told(number))), "{shown}");
    let attached = Terminal::start(&home, "attach last");
    attached.wait_for("number 1");
    assert_eq!(statuses(&home), ["running"]);
}

#[test]
fn what_a_killed_daemon_cut_off_is_offered_and_resumed() {
    let home = home();
    for prompt in ["mute", "ticker 5"] {
        home.run(["run", "--detach", "--agent", "rogue", prompt]).expect_code(0);
    }
    let has_spoken = || home.run(["show", "last"]).stdout.contains("number 3").then_some(());
    eventually("an answer", has_spoken);
    home.kill_daemon();
    home.run(["up"]).expect_code(0);
    assert_eq!(processes_with(&home.tag), [0; 0], "its agents are ended");
    assert_eq!(statuses(&home), ["interrupted", "interrupted"]);
    let offered = home.run(["status"]).expect_code(0).stderr;
    assert!(offered.contains("switchboard resume --all"), "{offered}");

    let resumed = home.run(["resume", "--all"]).expect_code(0).stdout;
    assert!(resumed.contains("is told again: mute") && resumed.contains("is told: continue"), "{resumed}");
    eventually("the agents", || (home.prompts_heard().len() == 4).then_some(()));
    let heard: Vec<String> = home.prompts_heard().into_iter().map(|(_, prompt)| prompt).collect();
    assert!(heard[2..].contains(&"mute".to_owned()) && heard[2..].contains(&"continue".to_owned()), "{heard:?}");
}

#[test]
fn a_replacement_says_what_it_interrupted() {
    let home = home();
    home.run(["run", "--detach", "--agent", "rogue", "ticker 5"]).expect_code(0);
    let first = switchboard_tests::owner_of(&home.path());
    let replaced = home.run(["up", "--restart"]).expect_code(0);
    assert!(replaced.stderr.contains("one session was interrupted"), "{}", replaced.stderr);
    assert_ne!(switchboard_tests::owner_of(&home.path()), first);
    assert_eq!(statuses(&home), ["interrupted"]);
    home.run(["resume", "last", "--message", "polite and short"]).expect_code(0);
    home.run(["wait", "last"]).expect_code(0);
    assert!(home.run(["show", "last"]).stdout.contains("you said: polite and short"));
    home.run(["resume", "last"]).expect_code(1);
    let nothing = home.run(["resume", "--all"]).expect_code(0);
    assert!(nothing.stderr.contains("nothing is interrupted"), "{}", nothing.stderr);
}
