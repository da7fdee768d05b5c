//! Being there while an agent works: from another terminal, with a keyboard, and without any.

use rstest::rstest;
use switchboard_domain::SessionStatus;
use switchboard_tests::{Contents, Home, Terminal};

fn home() -> Home {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    home
}

fn detached(home: &Home, prompt: &str) -> String {
    let ended = home.run(["run", "--detach", "--agent", "rogue", prompt]).expect_code(0);
    ended.stdout.trim().to_owned()
}

#[test]
fn a_terminal_that_is_closed_in_mid_turn_loses_nothing() {
    let home = home();
    let first = Terminal::start(&home, "run --agent rogue ticker 5");
    first.wait_for("number 20");
    first.close();

    let mut second = Terminal::start(&home, "attach last");
    second.wait_for("Ctrl-D leaves");
    second.wait_for("running");
    second.line("/abort");
    second.wait_for("aborted");
    second.keys("\u{4}");
    let (code, all) = second.wait();
    assert_eq!(code, 0, "{all}");

    let said = home.run(["export", "last", "--format", "json"]).expect_code(0).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let messages: Vec<&str> =
        said["messages"].as_array().expect("a list").iter().filter_map(|it| it["content"].as_str()).collect();
    assert!(messages.len() > 20, "{messages:?}");
    let expected =
        std::iter::once("ticker 5".to_owned()).chain((1..messages.len()).map(|number| format!("number {number}")));
    assert_eq!(messages, expected.collect::<Vec<_>>(), "the agent went on while no terminal was there");
    let shown: Vec<&str> = all.lines().map(str::trim).filter(|line| line.starts_with("number ")).collect();
    let tail = &messages[messages.len() - shown.len().min(messages.len())..];
    assert_eq!(shown, tail, "each was shown once, in order");
}

#[test]
fn leaving_lets_the_agent_go_on() {
    let home = home();
    let id = detached(&home, "ticker 20");
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("number 3");
    terminal.keys("\u{4}");
    let (code, all) = terminal.wait();
    assert_eq!(code, 0, "{all}");
    assert!(all.contains("goes on"), "{all}");
    let before = home.run(["show", &id, "--json"]).expect_code(0).stdout;
    let count =
        |json: &str| serde_json::from_str::<serde_json::Value>(json).expect("JSON")["session"]["messages"].as_u64();
    switchboard_tests::eventually("more messages", || {
        (count(&home.run(["show", &id, "--json"]).stdout) > count(&before)).then_some(())
    });
    home.run(["abort", &id]).expect_code(0);
    home.run(["wait", &id]).expect_code(130);
}

#[test]
fn what_is_typed_reaches_the_agent_and_what_it_answers_is_shown() {
    let home = home();
    let id = detached(&home, "polite beginning");
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("you said: polite beginning");
    terminal.line("polite continuation");
    terminal.wait_for("you said: polite continuation");
    terminal.line("/detach");
    assert_eq!(terminal.wait().0, 0);
    let heard: Vec<String> = home.prompts_heard().into_iter().map(|(_, prompt)| prompt).collect();
    assert_eq!(heard, ["polite beginning", "polite continuation"]);
}

#[rstest]
#[case::yes("/approve", "allowed: true")]
#[case::no("/deny", "allowed: false")]
fn a_question_is_answered_by_its_own_order_and_by_nothing_else(#[case] order: &str, #[case] answer: &str) {
    let home = home();
    let id = detached(&home, "approval");
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("wants to use");
    for words in ["y", "yes", "approve"] {
        terminal.line(words);
    }
    terminal.wait_for("3 queued");
    terminal.wait_for("asks");
    terminal.line(order);
    terminal.wait_for(answer);
    terminal.keys("\u{4}");
    terminal.wait();
}

#[test]
fn an_answer_that_was_begun_before_its_question_is_none() {
    let home = home();
    let id = detached(&home, "polite");
    home.run(["wait", &id]).expect_code(0);
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("Ctrl-D leaves");
    terminal.keys("/approve");
    terminal.wait_for("> /approve");
    home.run(["queue", &id, "add", "approval"]).expect_code(0);
    terminal.wait_for("wants to use");
    terminal.keys("\r");
    terminal.wait_for("while you wrote");
    terminal.wait_for("asks");
    terminal.line("/deny");
    terminal.wait_for("allowed: false");
    terminal.keys("\u{4}");
    terminal.wait();
}

#[test]
fn what_is_pasted_answers_nothing() {
    let home = home();
    let id = detached(&home, "approval");
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("wants to use");
    // As a terminal that marks what is pasted sends it, and as one that does not.
    terminal.keys("\u{1b}[200~/approve\r\u{1b}[201~");
    terminal.wait_for("> /approve");
    terminal.keys("\u{3}");
    terminal.keys("/approve\r");
    terminal.wait_for("too fast");
    let waiting = home.run(["approve", "--json"]).expect_code(0).stdout;
    assert!(waiting.contains("apr_1"), "{waiting}");
    terminal.keys("\u{4}");
    terminal.wait();
}

#[rstest]
#[case::completed("polite", 0)]
#[case::failed("fail", 5)]
fn without_a_terminal_it_ends_with_the_turn(#[case] prompt: &str, #[case] code: i32) {
    let home = home();
    let id = detached(&home, prompt);
    let ended = home.run(["attach", &id]).expect_code(code);
    assert!(ended.stdout.contains(prompt), "{}", ended.stdout);
}

#[test]
fn a_hostile_agent_does_nothing_to_the_terminal() {
    let home = home();
    let id = detached(&home, "escapes");
    home.run(["wait", &id]);
    let mut terminal = Terminal::start(&home, &format!("attach {id}"));
    terminal.wait_for("covered");
    terminal.keys("\u{4}");
    terminal.wait_for("comes back to it");
    let bytes = terminal.bytes();
    for hostile in ["\u{1b}]0;owned", "\u{1b}[45;5m", "\u{1b}[2J\u{1b}[c", "\u{9b}5mblink", "\u{8}\u{8}over", "\u{7}"] {
        assert!(!bytes.contains(hostile), "{hostile:?} in {bytes:?}");
    }
}

#[test]
fn a_daemon_that_is_killed_comes_back_and_the_truth_is_shown() {
    let home = home();
    let running = home.start(["run", "--agent", "rogue", "ticker 5"]);
    running.stdout.wait_for_text("number 20");
    home.kill_daemon();
    running.stderr.wait_for_text("the daemon is gone");
    let ended = running.wait().expect_code(130);
    assert!(ended.stderr.contains("connected again") && ended.stderr.contains("interrupted"), "{}", ended.stderr);
    home.run(["down"]).expect_code(0);
    let contents = Contents::of_folder(&home.path());
    assert!(contents.sessions.values().all(|session| session.status() == SessionStatus::Interrupted));
    home.wait_for_no_agents();
}
