//! The rogue does what it is told, so that a test which survives it has survived something.

use std::process::Command;

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use switchboard_tests::{Running, Tag, eventually, processes_with, program};

const START: &str = r#"{"type":"start_session","sessionId":"s1","projectPath":"/tmp","prompt":"hello"}"#;

fn rogue(tag: &Tag, args: &[&str]) -> Running {
    let mut running = Running::start(Command::new(program::rogue()).args(["--tag", tag.as_str()]).args(args));
    running.write(&format!("{START}\n"));
    running
}

#[rstest]
#[case::polite(&["polite"], r#""content":"you said: hello""#)]
#[case::garble(&["garble"], "Welcome to your shell!")]
#[case::half_line(&["half-line"], "half of it")]
#[case::split_utf8(&["split-utf8"], "\u{1f980}")]
#[case::giant_line(&["giant-line", "1000000"], "xxxxxxxx")]
#[case::flood(&["flood", "1000"], "999 ")]
#[case::chatter(&["chatter", "1000"], "number 1000")]
#[case::escapes(&["escapes"], r"\u001b]0;owned\u0007")]
#[case::deep_json(&["deep-json", "1000"], "[[[[")]
#[case::unknown_events(&["unknown-events"], "telepathy")]
#[case::foreign_session(&["foreign-session"], "00000000-0000-7000-8000-000000000001")]
#[case::after_completion(&["after-completion"], "too late")]
#[case::fail(&["fail"], "session_failed")]
fn it_says_it_and_ends_with_its_input(#[case] args: &[&str], #[case] said: &str) {
    let ended = rogue(&Tag::new(), args).wait().expect_code(0);
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
}

#[rstest]
#[case::at_once(&["exit-at-once", "7"], 7, "")]
#[case::crash(&["crash", "42"], 42, "before the crash")]
#[case::killed(&["killed-mid-turn"], 128 + 9, "before the end")]
fn it_dies_as_it_is_told(#[case] args: &[&str], #[case] code: i32, #[case] said: &str) {
    let mut running = Running::start(Command::new(program::rogue()).args(args));
    if !said.is_empty() {
        running.write(&format!("{START}\n"));
    }
    let ended = running.wait().expect_code(code);
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
}

#[test]
fn bytes_that_are_no_text_are_sent_as_they_are() {
    let running = rogue(&Tag::new(), &["invalid-utf8"]);
    running.stdout.wait_for_text("session_completed");
    assert!(running.stdout.bytes().windows(2).any(|pair| pair == [0xff, 0xfe]));
}

#[test]
fn standard_error_is_flooded() {
    let ended = rogue(&Tag::new(), &["stderr-flood", "1000000"]).wait().expect_code(0);
    assert!(ended.stderr.len() > 1_000_000);
}

#[test]
fn children_in_the_group_stay_behind_until_the_group_is_killed() {
    let tag = Tag::new();
    let running = rogue(&tag, &["fork"]);
    eventually("the children", || (processes_with(&tag).len() == 4).then_some(()));
    running.kill_nine();
    eventually("the end of the parent alone", || (processes_with(&tag).len() == 3).then_some(()));
    drop(running);
    eventually("the end of the group", || processes_with(&tag).is_empty().then_some(()));
}

#[test]
fn children_apart_survive_even_the_death_of_the_group() {
    let tag = Tag::new();
    let running = rogue(&tag, &["setsid"]);
    let apart = || processes_with(&tag).into_iter().filter(|pid| session_of(*pid) == Some(*pid)).count();
    eventually("the children, each in a session of its own", || (apart() == 3).then_some(()));
    drop(running);
    assert_eq!(processes_with(&tag).len(), 3, "they are out of the group's reach");
    kill_all(&tag);
}

#[test]
fn a_daemon_has_no_parent_that_could_be_asked() {
    let tag = Tag::new();
    let mut running = rogue(&tag, &["daemon"]);
    running.close_stdin();
    let daemon = eventually("the daemon alone, in a session of its own", || match processes_with(&tag)[..] {
        [pid] if pid != running.pid() && session_of(pid) == Some(pid) => Some(pid),
        _ => None,
    });
    drop(running);
    assert_eq!(processes_with(&tag), [daemon], "it is out of the group's reach");
    kill_all(&tag);
}

#[test]
fn polite_signals_are_ignored() {
    let running = rogue(&Tag::new(), &["ignore-term"]);
    running.stdout.wait_for_text("session_started");
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it lives");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).expect("a mask of ignored signals");
    let mask = u64::from_str_radix(mask, 16).expect("hexadecimal");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        assert_ne!(mask & (1 << (signal.as_raw() - 1)), 0, "{signal:?} would end it");
    }
}

/// The sixth field of `stat`, counted behind the name, which may contain anything.
fn session_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(3)?.parse().ok()
}

fn kill_all(tag: &Tag) {
    for pid in processes_with(tag) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
        // It may have ended since it was listed.
        let _ = kill_process(pid, Signal::KILL);
    }
    eventually("their end", || processes_with(tag).is_empty().then_some(()));
}
