//! Ctrl-C: once stops the agents and saves everything, twice leaves at once, and neither loses a word.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use switchboard_domain::{SessionId, SessionStatus};
use switchboard_tests::ledger::broken;
use switchboard_tests::{Contents, Home, Running, Stream};

/// What a person takes for "at once".
const AT_ONCE: Duration = Duration::from_secs(1);

fn run(home: &Home, prompts: &[&str]) -> Running {
    home.configure_rogues(&[]);
    let prompts = home.prompts(prompts);
    home.start(["run", "--agent", "rogue", "--jsonl", "--parallel-file", &prompts.display().to_string()])
}

#[test]
fn one_ctrl_c_stops_the_agents_and_saves_all_that_was_shown() {
    let home = Home::new();
    let running = run(&home, &["ticker 1", "ticker 3", "ticker 5"]);
    running.stdout.wait_for("words of all three", |text| (text.matches("number 5\"").count() == 3).then_some(()));
    running.interrupt();
    let ended = running.wait().expect_code(130);
    home.wait_for_no_agents();

    let contents = Contents::of_folder(&home.path());
    let stream = Stream::parse(&ended.stdout);
    for (id, shown) in stream.messages() {
        let kept = contents.texts(id);
        assert!(kept.len() >= shown.len() && kept.iter().zip(&shown).all(|(kept, shown)| kept == shown));
        assert_eq!(contents.sessions[&id].status(), SessionStatus::Aborted);
    }
    assert_eq!(stream.sessions().len(), 3);
    assert_eq!(stream.announced_exit_code(), Some(130));
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_keeps_every_promise() {
    let home = Home::new();
    let mut running = run(&home, &["ignore-term", "ticker 1"]);
    running.stdout.wait_for_text("number 5\"");
    running.interrupt();
    running.stderr.wait_for_text("again");
    assert!(!running.has_ended(), "an agent that ignores polite signals takes a moment to stop");
    let began = Instant::now();
    running.interrupt();
    let ended = running.wait().expect_code(130);
    assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());

    let stream = Stream::parse(&ended.stdout);
    assert_eq!(broken(&stream.promises(), &Contents::of_folder(&home.path())), Vec::<String>::new());
    // Whoever comes next cleans up what was left.
    home.run(["run", "--agent", "rogue", "polite"]).expect_code(0);
    home.wait_for_no_agents();
    let left: BTreeMap<SessionId, SessionStatus> =
        stream.sessions().into_iter().map(|id| (id, status(&home, id))).collect();
    assert!(left.values().all(|status| status.is_final()), "{left:?}");
}

fn status(home: &Home, id: SessionId) -> SessionStatus {
    Contents::of_folder(&home.path()).sessions[&id].status()
}

#[test]
fn a_termination_is_an_interruption_and_not_a_decision() {
    let home = Home::new();
    let running = run(&home, &["ticker 1"]);
    running.stdout.wait_for_text("number 5\"");
    running.signal(rustix::process::Signal::TERM);
    let ended = running.wait();
    home.wait_for_no_agents();
    let contents = Contents::of_folder(&home.path());
    for id in Stream::parse(&ended.stdout).sessions() {
        assert_eq!(contents.sessions[&id].status(), SessionStatus::Interrupted, "{}", ended.stderr);
    }
}
