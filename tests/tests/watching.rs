//! All sessions at a glance: the picture at a terminal, lines in a pipe, snapshots for programs.

use rstest::rstest;
use serde_json::Value;
use switchboard_tests::{Home, Terminal, eventually};

/// One session that asks, one that works, one that failed, one that is done.
fn busy_home() -> Home {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    for prompt in ["polite", "fail", "ticker 200", "approval"] {
        home.run(["run", "--detach", "--agent", "rogue", prompt]).expect_code(0);
    }
    eventually("a question", || {
        let waiting = home.run(["approve", "--json"]).stdout;
        waiting.contains("apr_1").then_some(())
    });
    eventually("the end of the others", || {
        let ended = home.run(["ls", "--json"]).stdout;
        (ended.contains("\"completed\"") && ended.contains("\"failed\"")).then_some(())
    });
    home
}

#[rstest]
#[case::small(80, 24)]
#[case::large(120, 40)]
fn what_needs_the_person_is_on_top(#[case] columns: u16, #[case] rows: u16) {
    let home = busy_home();
    let mut terminal = Terminal::with_size(&home, "watch", columns, rows);
    terminal.wait_for("asks");
    terminal.wait_for("need you");
    let screen = terminal.screen();
    let places = ["asks", "failed", "running  ", "completed"].map(|word| screen.find(word));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{screen}");
    // It is live: what is answered elsewhere leaves the top.
    let question = home.run(["approve", "--json"]).stdout;
    let question: Value = serde_json::from_str(&question).expect("JSON");
    home.run(["approve", question[0]["id"].as_str().expect("an id")]).expect_code(0);
    eventually("no question any more", || (!terminal.screen().contains("asks")).then_some(()));
    terminal.keys("q");
    let (code, all) = terminal.wait();
    assert_eq!(code, 0, "{all}");
}

#[test]
fn a_snapshot_is_what_the_store_has() {
    let home = busy_home();
    let read = |args: &[&str]| -> Value { serde_json::from_str(&home.run(args).expect_code(0).stdout).expect("JSON") };
    let by_id = |sessions: &Value| {
        let mut sessions: Vec<(String, String, String)> = sessions
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| [&it["id"], &it["status"], &it["pending_approvals"]].map(ToString::to_string).into())
            .collect();
        sessions.sort();
        sessions
    };
    let watched = read(&["watch", "--once", "--json"]);
    assert_eq!(by_id(&watched["sessions"]), by_id(&read(&["ls", "--json"])));
    assert_eq!(watched["sessions"][0]["needs"], "answer");
    assert_eq!(watched["sessions"][1]["needs"], "look");
    assert_eq!(watched["sessions"][1]["last"], "no more");
}

#[test]
fn a_pipe_gets_a_line_whenever_a_session_stands_otherwise() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    home.run(["run", "--detach", "--agent", "rogue", "polite first"]).expect_code(0);
    let watching = home.start(["watch"]);
    watching.stdout.wait_for_text("\tcompleted\trogue\tproject\tpolite first\tyou said: polite first");
    let second = home.run(["run", "--detach", "--agent", "rogue", "ticker 50"]).expect_code(0);
    let second = second.stdout.trim().to_owned();
    watching.stdout.wait_for_text(&format!("{second}\trunning\t"));
    home.run(["abort", &second]).expect_code(0);
    watching.stdout.wait_for_text(&format!("{second}\taborted\t"));
    let json = home.start(["watch", "--json"]);
    json.stdout.wait_for("a snapshot", |text| {
        let line = text.lines().next().filter(|_| text.contains('\n'))?;
        let snapshot: Value = serde_json::from_str(line).expect("one object a line");
        (snapshot["sessions"].as_array()?.len() == 2).then_some(())
    });
}

#[test]
fn without_a_daemon_it_shows_what_is_on_disk_and_starts_none() {
    let home = Home::new();
    home.configure_rogues(&[]);
    home.run(["run", "--agent", "rogue", "polite"]).expect_code(0);
    let shown = home.run(["watch", "--once"]).expect_code(0).stdout;
    assert!(shown.contains("completed"), "{shown}");
    assert!(!home.path().join("daemon.json").exists());
}
