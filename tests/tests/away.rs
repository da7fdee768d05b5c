//! Sessions that nobody watches: started and left, waited for, stopped, answered from elsewhere.

use rstest::rstest;
use serde_json::Value;
use switchboard_tests::{Contents, Home, Terminal, eventually};

fn home() -> Home {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    home
}

fn detached(home: &Home, prompt: &str) -> String {
    let ended = home.run(["run", "--detach", "--agent", "rogue", prompt]).expect_code(0);
    ended.stdout.trim().to_owned()
}

fn json(home: &Home, args: &[&str]) -> Value {
    let ended = home.run(args).expect_code(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error} in {}", ended.stdout))
}

/// Waits until an agent asks, and gives what the question is called.
fn asked(home: &Home) -> String {
    eventually("a question", || json(home, &["approve", "--json"])[0]["id"].as_str().map(str::to_owned))
}

#[test]
fn a_detached_prompt_is_on_disk_when_its_id_is_printed() {
    let home = home();
    let ended = home.run(["run", "--detach", "--agent", "rogue", "ticker 1000"]).expect_code(0);
    home.kill_daemon();
    let contents = Contents::of_folder(&home.path());
    let (id, _) = contents.sessions.first_key_value().expect("a session");
    assert_eq!(ended.stdout.trim(), id.short());
    assert_eq!(contents.texts(*id).first(), Some(&"ticker 1000"));
    assert!(ended.stderr.contains(&format!("switchboard attach {}", id.short())), "{}", ended.stderr);
}

#[test]
fn many_prompts_are_detached_at_once() {
    let home = home();
    let prompts = home.prompts(&["polite one", "polite two", "polite three"]).display().to_string();
    let ended = home.run(["run", "--detach", "--agent", "rogue", "--parallel-file", &prompts]).expect_code(0);
    let ids: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(ids.len(), 3);
    let waited = home.run(["wait"].into_iter().chain(ids.iter().copied())).expect_code(0);
    assert_eq!(waited.stdout.matches("\tcompleted\n").count(), 3, "{}", waited.stdout);
}

#[test]
fn detaching_needs_a_daemon() {
    let home = Home::new();
    let ended = home.run(["run", "--detach", "--exec", "cat", "hello"]).expect_code(2);
    assert!(ended.stderr.contains("daemon"), "{}", ended.stderr);
}

#[rstest]
#[case::well("polite", 0, "completed")]
#[case::badly("fail", 5, "failed")]
#[case::by_a_crash("crash 42", 5, "failed")]
fn waiting_tells_how_it_ended(#[case] prompt: &str, #[case] code: i32, #[case] word: &str) {
    let home = home();
    let id = detached(&home, prompt);
    let ended = home.run(["wait", &id]).expect_code(code);
    assert_eq!(ended.stdout, format!("{id}\t{word}\n"));
    let again = home.run(["wait", "last", "--json"]).expect_code(code);
    assert!(again.stdout.contains(word), "{}", again.stdout);
}

#[test]
fn waiting_has_an_end_when_one_is_asked_for() {
    let home = home();
    let slow = detached(&home, "ticker 100");
    let ended = home.run(["wait", &slow, "--timeout", "0.2"]).expect_code(124);
    assert!(ended.stderr.contains(&slow), "{}", ended.stderr);
    let quick = detached(&home, "polite");
    let ended = home.run(["wait", "--any", &slow, &quick]).expect_code(0);
    assert_eq!(ended.stdout, format!("{quick}\tcompleted\n"));
    home.run(["abort", &slow]).expect_code(0);
    home.run(["wait", &slow, &quick]).expect_code(130);
}

#[test]
fn an_agent_is_stopped_from_elsewhere() {
    let home = home();
    let id = detached(&home, "ticker 20");
    let ended = home.run(["abort", &id]).expect_code(0);
    assert!(ended.stderr.contains(&format!("stopped {id}")), "{}", ended.stderr);
    home.wait_for_no_agents();
    let again = home.run(["abort", &id]).expect_code(0);
    assert!(again.stderr.contains("did not run"), "{}", again.stderr);
    home.run(["abort", "ffffffff"]).expect_code(3);
}

#[rstest]
#[case::yes(&[], "allowed: true")]
#[case::no(&["--deny"], "allowed: false")]
#[case::always(&["--always"], "allowed: true")]
fn exactly_the_question_that_was_read_is_answered(#[case] flags: &[&str], #[case] answer: &str) {
    let home = home();
    let id = detached(&home, "approval");
    let question = asked(&home);
    home.run(["approve", "ffffffff-000000"]).expect_code(3);
    home.run(["approve", &format!("{id}-000000")]).expect_code(3);
    home.run(["approve", question.as_str()].iter().chain(flags)).expect_code(0);
    home.run(["wait", &id]).expect_code(0);
    assert!(home.run(["show", &id]).stdout.contains(answer));
    home.run(["approve", question.as_str()]).expect_code(3);
}

#[test]
fn without_a_terminal_questions_are_listed_whole_and_not_answered() {
    let home = home();
    let id = detached(&home, "approval");
    let question = asked(&home);
    let listed = home.run(["approve"]).expect_code(4).stdout;
    assert!(listed.starts_with(&format!("{question}\t")), "{listed}");
    // A session's name alone says nothing of what is asked.
    home.run(["approve", &id]).expect_code(4);
    assert_eq!(asked(&home), question, "it still waits");
    home.run(["approve", &id, "--deny"]).expect_code(0);
    home.run(["wait", &id]).expect_code(0);
    assert!(home.run(["approve"]).expect_code(0).stderr.contains("nothing waits"));
}

#[test]
fn at_a_terminal_each_question_is_put() {
    let home = home();
    let id = detached(&home, "approval");
    asked(&home);
    let mut terminal = Terminal::start(&home, "approve");
    terminal.wait_for("Allow it?");
    terminal.keys("perhaps\n");
    eventually("the question again", || (terminal.screen().matches("Allow it?").count() == 2).then_some(()));
    terminal.keys("n\n");
    let (code, all) = terminal.wait();
    assert_eq!(code, 0, "{all}");
    home.run(["wait", &id]).expect_code(0);
    assert!(home.run(["show", &id]).stdout.contains("allowed: false"));
}

#[test]
fn the_log_says_what_the_daemon_did() {
    let home = home();
    assert!(home.run(["logs"]).expect_code(0).stdout.is_empty(), "nobody was there yet");
    detached(&home, "polite");
    let logs = home.run(["logs"]).expect_code(0).stdout;
    assert!(logs.contains("ready"), "{logs}");
    for line in home.run(["logs", "--json"]).expect_code(0).stdout.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(line["timestamp"].is_string(), "{line}");
    }
    let follower = home.start(["logs", "--follow", "-n", "1"]);
    follower.stdout.wait_for("a line", |text| text.contains('\n').then_some(()));
    home.run(["down"]).expect_code(0);
    follower.stdout.wait_for_text("shutting down");
}
