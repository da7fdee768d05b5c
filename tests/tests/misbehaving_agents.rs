//! Agents that misbehave: each session ends as it should, its neighbours notice nothing, and memory stays bounded.

use std::fs;

use rstest::rstest;
use switchboard_domain::SessionStatus::{self, Completed, Failed};
use switchboard_tests::{Contents, Home, Stream};

/// Far below what the giants say, far above what the program needs.
const MEMORY_MAX_KB: u64 = 256 * 1024;

#[rstest]
#[case::polite("polite", Completed, "you said: polite")]
#[case::junk_is_skipped("garble", Completed, "you said: garble")]
#[case::half_a_line_is_no_message("half-line", Failed, "half-line")]
#[case::bytes_that_are_no_text("invalid-utf8", Completed, "whole again")]
#[case::a_character_in_pieces("split-utf8", Completed, "one \u{1f980} crab")]
#[case::unknown_events("unknown-events", Completed, "you said: unknown-events")]
#[case::somebody_elses_events("foreign-session", Completed, "you said: foreign-session")]
#[case::words_after_the_end("after-completion", Completed, "you said: after-completion")]
#[case::json_that_is_too_deep("deep-json", Completed, "you said: deep-json")]
#[case::many_words("flood 20000", Completed, "flooded")]
#[case::much_noise("stderr-flood 5000000", Completed, "you said: stderr-flood 5000000")]
#[case::a_crash("crash 42", Failed, "before the crash")]
#[case::a_signal("killed-mid-turn", Failed, "before the end")]
#[case::output_closed_for_good("close-stdout", Failed, "close-stdout")]
#[case::no_word_at_all("exit-at-once 3", Failed, "exit-at-once 3")]
fn a_session_ends_as_it_should(#[case] prompt: &str, #[case] status: SessionStatus, #[case] last_words: &str) {
    let home = Home::new();
    home.configure_rogues(&[]);
    let code = if status == Completed { 0 } else { 5 };
    let ended = home.run(["run", "--agent", "rogue", "--jsonl", "--approve", "all", prompt]).expect_code(code);
    home.wait_for_no_agents();
    let contents = Contents::of_folder(&home.path());
    let [id] = Stream::parse(&ended.stdout).sessions()[..] else { panic!("one session:\n{}", ended.stdout) };
    assert_eq!(contents.sessions[&id].status(), status);
    assert_eq!(contents.texts(id).last().copied(), Some(last_words), "{:?}", contents.texts(id));
}

#[test]
fn neighbours_of_every_kind_of_trouble_notice_nothing_and_memory_stays_bounded() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let trouble = [
        "giant-line 1073741824",
        "flood 50000",
        "stderr-flood 100000000",
        "garble",
        "deep-json 1000000",
        "crash 1",
        "mute",
        "deaf",
        "stubborn",
    ];
    let good: Vec<String> = (1..=6).map(|number| format!("polite neighbour {number}")).collect();
    let prompts: Vec<&str> = trouble.into_iter().chain(good.iter().map(String::as_str)).collect();
    let path = home.prompts(&prompts).display().to_string();
    let jobs = prompts.len().to_string();
    let running = home.start([
        "run",
        "--agent",
        "rogue",
        "--jsonl",
        "--approve",
        "all",
        "--jobs",
        &jobs,
        "--parallel-file",
        &path,
    ]);

    let wanted: Vec<String> = good.iter().map(|prompt| format!("you said: {prompt}")).collect();
    running.stdout.wait_for("all neighbours", |text| wanted.iter().all(|said| text.contains(said)).then_some(()));
    running.stdout.wait_for_text("flooded");
    running.stdout.wait_for_text("you said: giant-line 1073741824");
    let memory = peak_memory_kb(running.pid());
    running.interrupt();
    let ended = running.wait().expect_code(130);
    home.wait_for_no_agents();
    assert!(memory < MEMORY_MAX_KB, "it took {memory} kB");

    let contents = Contents::of_folder(&home.path());
    for id in Stream::parse(&ended.stdout).sessions() {
        if let [prompt, answer] = contents.texts(id)[..]
            && good.iter().any(|it| it == prompt)
        {
            assert_eq!(answer, format!("you said: {prompt}"));
            assert_eq!(contents.sessions[&id].status(), Completed);
        }
    }
    let completed = contents.sessions.values().filter(|session| session.status() == Completed).count();
    assert!(completed >= good.len() + 5, "{completed} came to a good end");
}

#[test]
fn the_same_approval_id_in_two_sessions_is_two_questions() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let prompts = home.prompts(&["approval one", "approval two"]).display().to_string();
    let ended = home.run(["run", "--agent", "rogue", "--jsonl", "--approve", "all", "--parallel-file", &prompts]);
    let stream = Stream::parse(&ended.expect_code(0).stdout);
    let answers = stream.messages().into_values().filter(|said| said.iter().any(|it| it == "\"apr_1\" allowed: true"));
    assert_eq!(answers.count(), 2);
}

#[test]
fn a_question_asked_twice_is_answered_once() {
    let home = Home::new();
    home.configure_rogues(&[]);
    let ended = home.run(["run", "--agent", "rogue", "--jsonl", "--approve", "none", "duplicate-approvals"]);
    let answers = ended.stdout.matches("\\\"apr_1\\\" allowed: false").count();
    assert!(answers >= 1, "{}", ended.stdout);
}

/// The most memory that the process has had.
fn peak_memory_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
