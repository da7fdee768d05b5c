//! The exit codes are part of the interface: one case for each way to get each.

use rstest::rstest;
use switchboard_tests::{Ended, Home};

#[rstest]
#[case::an_answer(0, &["run", "--exec", "echo well done", "hello"], "well done")]
#[case::a_native_agent(0, &["run", "--agent", "rogue", "hello"], "you said: hello")]
#[case::the_built_in_agent(0, &["run", "--agent", "builtin", "--approve", "all", "hello"], "")]
#[case::help(0, &["run", "--help"], "--parallel-file")]
#[case::no_prompt(2, &["run"], "required")]
#[case::unknown_flag(2, &["ls", "--frobnicate"], "--frobnicate")]
#[case::unknown_session(3, &["show", "ffffffff"], "ffffffff")]
#[case::unknown_session_to_send_to(3, &["send", "ffffffff", "hello"], "ffffffff")]
#[case::unknown_session_to_remove(3, &["rm", "--yes", "ffffffff"], "ffffffff")]
#[case::unknown_session_to_export(3, &["export", "ffffffff"], "ffffffff")]
#[case::unknown_agent(3, &["run", "--agent", "rouge", "hello"], "rogue")]
#[case::nobody_to_ask(4, &["run", "--agent", "rogue", "approval"], "--approve")]
#[case::a_command_that_fails(5, &["run", "--exec", "echo trouble >&2; exit 3", "hello"], "trouble")]
#[case::a_command_that_is_not_there(5, &["run", "--exec", "no-such-command-anywhere", "hello"], "no-such-command")]
#[case::an_agent_that_reports_failure(5, &["run", "--agent", "rogue", "fail"], "no more")]
#[case::an_agent_that_crashes(5, &["run", "--agent", "rogue", "crash 42"], "out of cheese")]
fn the_exit_code_tells(#[case] code: i32, #[case] args: &[&str], #[case] said: &str) {
    let home = Home::new();
    home.configure_rogues(&[]);
    home.run(["run", "--agent", "rogue", "there is a session"]).expect_code(0);
    check(&home.run(args), code, said);
}

#[test]
fn the_last_session_of_none_is_not_found() {
    check(&Home::new().run(["show", "last"]), 3, "no sessions");
}

#[rstest]
#[case::no_toml("[agents", 2, "config.toml")]
#[case::unknown_key("[agents.a]\nprotocol = \"exec\"\ncomand = [\"cat\"]\n", 2, "did you mean `command`")]
fn a_configuration_that_makes_no_sense_is_bad_usage(#[case] config: &str, #[case] code: i32, #[case] said: &str) {
    let home = Home::new();
    home.configure(config);
    check(&home.run(["run", "hello"]), code, said);
}

#[test]
fn a_database_that_is_none_is_a_failure_and_stays_as_it_is() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let file = home.path().join("switchboard.db");
    std::fs::write(&file, "this is not a database, and somebody needs it").expect("written");
    check(&home.run(["run", "--agent", "rogue", "hello"]), 1, "is not a database");
    let kept = std::fs::read_to_string(&file).expect("still there");
    assert_eq!(kept, "this is not a database, and somebody needs it");
}

#[test]
fn a_second_owner_is_told_who_the_first_is() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let first = home.start(["run", "--agent", "rogue", "ticker 5"]);
    first.stdout.wait_for_text("number 3");
    check(&home.run(["run", "--agent", "rogue", "hello"]), 75, &first.pid().to_string());
    first.interrupt();
    first.wait().expect_code(130);
    check(&home.run(["run", "--agent", "rogue", "hello"]), 0, "you said: hello");
}

#[test]
fn one_failure_among_many_fails_the_whole_and_not_the_others() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let prompts = home.prompts(&["polite one", "fail", "polite two"]).display().to_string();
    let ended = home.run(["run", "--agent", "rogue", "--parallel-file", &prompts]);
    check(&ended, 5, "you said: polite one");
    check(&ended, 5, "you said: polite two");
}

#[track_caller]
fn check(ended: &Ended, code: i32, said: &str) {
    let ended = ended.clone().expect_code(code);
    let all = ended.stdout + &ended.stderr;
    assert!(all.contains(said), "`{said}` is not in:\n{all}");
}
