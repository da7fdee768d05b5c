//! What an agent says never moves a cursor, sets a title or rings a bell, on a terminal or off it.

use std::process::Command;

use rstest::rstest;
use switchboard_tests::{Home, Running};

/// What the rogue says, as a terminal would have to see it to obey: a title, a cleared screen, a
/// request for an answer, an 8-bit introducer, a bell, backspaces.
const HOSTILE: &[&str] = &["\u{1b}]0;owned", "\u{1b}[45;5m", "\u{1b}[2J\u{1b}[c", "\u{9b}5mblink", "\u{8}\u{8}over"];

fn home_with_hostile_words() -> Home {
    let home = Home::new();
    home.configure_rogues(&[]);
    home.run(["run", "--agent", "rogue", "--title", "\u{1b}]0;owned\u{7}", "escapes"]).expect_code(5);
    home
}

#[rstest]
#[case::run(&["run", "--agent", "rogue", "escapes"])]
#[case::run_many(&["run", "--agent", "rogue", "--parallel-file", "PROMPTS"])]
#[case::run_as_json(&["run", "--agent", "rogue", "--jsonl", "escapes"])]
#[case::show(&["show", "last"])]
#[case::show_as_json(&["show", "last", "--json"])]
#[case::ls(&["ls"])]
#[case::ls_as_json(&["ls", "--json"])]
#[case::search(&["search", "after"])]
#[case::doctor(&["doctor"])]
fn no_control_character_gets_into_a_pipe(#[case] args: &[&str]) {
    let home = home_with_hostile_words();
    let prompts = home.prompts(&["escapes", "polite"]).display().to_string();
    let args = args.iter().map(|arg| if *arg == "PROMPTS" { prompts.as_str() } else { arg });
    let ended = home.run(args);
    for text in [&ended.stdout, &ended.stderr] {
        let control = text.chars().find(|letter| letter.is_control() && !"\n\t".contains(*letter));
        assert_eq!(control, None, "{text:?}");
    }
}

#[rstest]
#[case::run("run --agent rogue escapes")]
#[case::run_many("run --agent rogue --parallel-file PROMPTS")]
#[case::show("show last")]
#[case::ls("ls")]
#[case::search("search after")]
#[case::export("export last")]
fn nothing_hostile_gets_to_a_terminal(#[case] line: &str) {
    let home = home_with_hostile_words();
    let prompts = home.prompts(&["escapes", "polite"]).display().to_string();
    let seen = on_a_terminal(&home, &line.replace("PROMPTS", &prompts));
    for hostile in HOSTILE {
        assert!(!seen.contains(hostile), "{hostile:?} in {seen:?}");
    }
    // A bell alone is not among what a table needs to draw itself.
    assert!(!seen.contains('\u{7}'), "{seen:?}");
    assert!(seen.contains("covered") || line == "ls", "it was shown at all: {seen:?}");
}

/// What a terminal would get, with the help of `script`, which lends one.
fn on_a_terminal(home: &Home, line: &str) -> String {
    let program = switchboard_tests::program::switchboard().display().to_string();
    let own = home.command(["ls"]);
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &format!("{program} {line}"), "/dev/null"]);
    script.current_dir(home.project()).env_clear().env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
    for (name, value) in own.get_envs() {
        script.env(name, value.unwrap_or_default());
    }
    Running::start(&mut script).wait().stdout
}
