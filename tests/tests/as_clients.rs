//! The same commands with a daemon as without one: what they say, and what the shell is told.

use rstest::rstest;
use switchboard_tests::{Home, Stream, Terminal};

#[rstest]
#[case::an_answer(0, &["run", "--exec", "echo well done", "hello"], "well done")]
#[case::a_native_agent(0, &["run", "--agent", "rogue", "hello"], "you said: hello")]
#[case::going_on(0, &["send", "last", "polite again"], "you said: polite again")]
#[case::unknown_session(3, &["show", "ffffffff"], "ffffffff")]
#[case::unknown_session_to_send_to(3, &["send", "ffffffff", "hello"], "ffffffff")]
#[case::unknown_session_to_remove(3, &["rm", "--yes", "ffffffff"], "ffffffff")]
#[case::unknown_agent(3, &["run", "--agent", "rouge", "hello"], "rogue")]
#[case::nobody_to_ask(4, &["run", "--agent", "rogue", "approval"], "--approve")]
#[case::answered_ahead(0, &["run", "--agent", "rogue", "--approve", "all", "approval"], "allowed: true")]
#[case::a_command_that_fails(5, &["run", "--exec", "echo trouble >&2; exit 3", "hello"], "trouble")]
#[case::a_command_that_is_not_there(5, &["run", "--exec", "no-such-command-anywhere", "hello"], "no-such-command")]
#[case::an_agent_that_reports_failure(5, &["run", "--agent", "rogue", "fail"], "no more")]
#[case::an_agent_that_crashes(5, &["run", "--agent", "rogue", "crash 42"], "out of cheese")]
#[case::a_list(0, &["ls"], "there is a session")]
#[case::a_search(0, &["search", "session"], "session")]
#[case::a_transcript(0, &["show", "last", "--follow"], "you said: there is a session")]
#[case::a_queue(0, &["queue", "last"], "nothing waits")]
#[case::a_project(0, &["project", "add", "."], "project")]
#[case::rules(0, &["rule", "add", "Bash(ls*)"], "needs no question")]
#[case::a_removal(0, &["rm", "--yes", "last"], "deleted")]
fn a_command_does_the_same_through_a_daemon(#[case] code: i32, #[case] args: &[&str], #[case] said: &str) {
    for home in [Home::with_daemon(), Home::new()] {
        home.configure_rogues(&[]);
        home.run(["run", "--agent", "rogue", "there is a session"]).expect_code(0);
        let ended = home.run(args).expect_code(code);
        let all = ended.stdout + &ended.stderr;
        assert!(all.contains(said), "`{said}` is not in:\n{all}");
    }
}

#[test]
fn json_lines_say_when_all_is_on_disk_and_how_it_ended() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let other = home.run(["run", "--detach", "--agent", "rogue", "ticker 5"]).expect_code(0);
    let ended = home.run(["run", "--agent", "rogue", "--jsonl", "chatter 300"]).expect_code(0);
    let stream = Stream::parse(&ended.stdout);
    assert_eq!(stream.announced_exit_code(), Some(0));
    let messages = stream.messages();
    assert_eq!(messages.len(), 1, "of its own session, not of others");
    let expected: Vec<String> =
        std::iter::once("chatter 300".to_owned()).chain((1..=300).map(|number| format!("number {number}"))).collect();
    assert_eq!(messages.values().next(), Some(&expected));
    assert_eq!(stream.promises().len(), expected.len() + 1, "all of it is durable");
    home.run(["abort", other.stdout.trim()]).expect_code(0);
}

#[test]
fn ctrl_c_stops_the_agents_of_this_run_and_no_others() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let other = home.run(["run", "--detach", "--agent", "rogue", "ticker 20"]).expect_code(0).stdout;
    let running = home.start(["run", "--agent", "rogue", "ticker 20"]);
    running.stdout.wait_for_text("number 3");
    running.interrupt();
    let ended = running.wait().expect_code(130);
    assert!(ended.stderr.contains("saved: ") && ended.stderr.contains("aborted"), "{}", ended.stderr);
    let listed = home.run(["ls"]).expect_code(0).stdout;
    assert!(listed.contains("aborted") && listed.contains("running"), "{listed}");
    home.run(["abort", other.trim()]).expect_code(0);
    home.wait_for_no_agents();
}

#[test]
fn a_question_is_answered_at_the_terminal_of_a_run() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let mut terminal = Terminal::start(&home, "run --agent rogue approval");
    terminal.wait_for("Allow it?");
    terminal.keys("y\n");
    terminal.wait_for("allowed: true");
    assert_eq!(terminal.wait().0, 0);
}

#[test]
fn a_slow_reader_misses_nothing() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let ended = home.run(["run", "--agent", "rogue", "--jsonl", "chatter 20000"]).expect_code(0);
    let messages = Stream::parse(&ended.stdout).messages();
    let said = messages.values().next().expect("a session");
    assert_eq!(said.len(), 20_001);
    assert!(said[1..].iter().zip(1..).all(|(said, number)| *said == format!("number {number}")));
}
