//! `kill -9` of the real program at random points, two hundred times.
//!
//! What it said is on disk is there; what an agent heard is there; each transcript is what its agent
//! said, in order, up to some point; and what ran is `interrupted` afterwards. That the same check
//! catches a database that lies is shown in `kill_nine_of_the_store.rs`.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use rstest::rstest;
use switchboard_domain::SessionStatus;
use switchboard_tests::ledger::{Promise, broken, left_running, not_a_prefix};
use switchboard_tests::{Contents, Home, Seed, Stream};

/// Kills in one case; there are four.
const LIVES: u64 = 50;
/// Lives in one data folder: recovery meets what an earlier recovery left.
const LIVES_IN_A_HOME: u64 = 5;
/// Sessions of one life.
const PROMPTS: [&str; 4] = ["ticker 1", "ticker 2 slower", "chatter 300", "polite and short"];
/// More than a session says in one life.
const NUMBERS_MAX: usize = 5_000;
/// Long enough to be killed before, while and after sessions begin.
const LIFE_MAX: Duration = Duration::from_millis(400);

#[rstest]
#[case::from_the_very_start(false)]
#[case::from_the_very_start_again(false)]
#[case::in_the_middle_of_sessions(true)]
#[case::in_the_middle_of_sessions_again(true)]
fn nothing_acknowledged_is_lost(#[case] wait_for_sessions: bool) {
    let mut seed = Seed::new();
    for _ in 0..LIVES / LIVES_IN_A_HOME {
        let home = Home::new();
        home.configure_rogues(&[]);
        let mut promises = Vec::new();
        for life in 1..=LIVES_IN_A_HOME {
            promises.extend(live_and_die(&home, wait_for_sessions, &mut seed));
            let contents = Contents::of_folder(&home.path());
            let found = [broken(&promises, &contents), not_what_was_said(&home, &contents)].concat();
            assert!(found.is_empty(), "in life {life}:\n{}", found.join("\n"));
        }
        everything_left_is_interrupted(&home);
    }
}

/// One life; gives what it promised.
fn live_and_die(home: &Home, wait_for_sessions: bool, seed: &mut Seed) -> Vec<Promise> {
    let prompts = home.prompts(&PROMPTS);
    let mut running =
        home.start(["run", "--agent", "rogue", "--jsonl", "--parallel-file", &prompts.display().to_string()]);
    if wait_for_sessions {
        running.stdout.wait_for_text("session_created");
    }
    // Not to wait for something, but to be anywhere when it happens.
    thread::sleep(seed.shorter_than(LIFE_MAX));
    assert!(!running.has_ended(), "it ended by itself:\n{}{}", running.stdout.text(), running.stderr.text());
    running.kill_nine();
    let stream = Stream::parse(&running.wait().stdout);
    let heard = home.prompts_heard().into_iter();
    let heard = heard.map(|(session_id, content)| Promise::Heard { session_id, content });
    stream.promises().into_iter().chain(heard).collect()
}

/// A transcript is the prompt, then what the agent said, up to some point.
fn not_what_was_said(home: &Home, contents: &Contents) -> Vec<String> {
    let heard = home.prompts_heard().into_iter();
    let said: BTreeMap<_, _> = heard.map(|(id, prompt)| (id, transcript_of(&prompt))).collect();
    not_a_prefix(contents, &said)
}

fn transcript_of(prompt: &str) -> Vec<String> {
    let answer = match prompt.split_whitespace().next() {
        Some("polite") => vec![format!("you said: {prompt}")],
        _ => (1..=NUMBERS_MAX).map(|number| format!("number {number}")).collect(),
    };
    [vec![prompt.to_owned()], answer].concat()
}

/// The next start finds what the last life left, and says so.
fn everything_left_is_interrupted(home: &Home) {
    let before = Contents::of_folder(&home.path());
    let ran = left_running(&before);
    home.run(["run", "--agent", "rogue", "polite"]).expect_code(0);
    let after = Contents::of_folder(&home.path());
    assert!(left_running(&after).is_empty(), "{:?}", left_running(&after));
    for id in ran {
        assert_eq!(after.sessions[&id].status(), SessionStatus::Interrupted);
        assert_eq!(after.texts(id), before.texts(id), "recovery changes no transcript");
    }
    home.wait_for_no_agents();
}
