//! One daemon for each data folder, from its start to its end, whoever asks and however it ended before.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use switchboard_tests::{Home, Running, eventually, owner_of, processes_with};

/// Commands that are started at the same moment.
const STARTERS: usize = 100;

/// How often a second daemon is tried.
const SECOND_DAEMONS: usize = 100;

/// Second daemons tried at a time.
const AT_A_TIME: usize = 10;

/// What the manual promises for a shutdown.
const SHUTDOWN_MAX: Duration = Duration::from_secs(25);

fn announced(home: &Home) -> Option<Value> {
    let text = fs::read(home.path().join("daemon.json")).ok()?;
    Some(serde_json::from_slice(&text).expect("an announcement is whole"))
}

#[track_caller]
fn announced_pid(home: &Home) -> u64 {
    announced(home).expect("an announcement")["pid"].as_u64().expect("a process id")
}

fn status(home: &Home) -> Value {
    serde_json::from_str(&home.run(["status", "--json"]).expect_code(0).stdout).expect("JSON")
}

/// A daemon in the foreground that is ready.
fn serve(home: &Home) -> Running {
    let daemon = home.start(["serve"]);
    daemon.stderr.wait_for_text("ready at");
    daemon
}

#[test]
fn up_starts_a_daemon_and_down_ends_it() {
    let home = Home::with_daemon();
    assert_eq!(status(&home)["running"], false);
    home.run(["up"]).expect_code(0);
    let pid = announced_pid(&home);
    assert_eq!(owner_of(&home.path()), u32::try_from(pid).ok());
    let status_up = status(&home);
    assert_eq!((&status_up["running"], &status_up["daemon"]["pid"]), (&true.into(), &pid.into()));
    let again = home.run(["up"]).expect_code(0).stdout;
    assert!(again.contains("already"), "{again}");
    assert_eq!(announced_pid(&home), pid);

    let down = home.run(["down"]).expect_code(0).stdout;
    assert!(down.contains(&pid.to_string()), "{down}");
    assert_eq!(owner_of(&home.path()), None);
    assert_eq!(status(&home)["running"], false);
    assert!(!home.path().join("daemon.sock").exists() && announced(&home).is_none());
    let again = home.run(["down"]).expect_code(0).stdout;
    assert!(again.contains("no daemon"), "{again}");
}

#[test]
fn of_many_who_start_one_at_once_all_meet_the_same() {
    let home = Home::with_daemon();
    let starters: Vec<Running> = (0..STARTERS).map(|_| home.start(["up"])).collect();
    for starter in starters {
        starter.wait().expect_code(0);
    }
    let pid = announced_pid(&home);
    assert_eq!(owner_of(&home.path()), u32::try_from(pid).ok());
    // Each one that is started says so in the log, once.
    let log = fs::read_to_string(home.path().join("logs/daemon.log")).expect("a log");
    assert_eq!(log.matches("\"ready\"").count(), 1, "{log}");
}

#[test]
fn of_many_prompts_that_are_detached_at_once_each_is_a_session_of_one_daemon() {
    let home = Home::with_daemon();
    let starters: Vec<Running> = (0..STARTERS)
        .map(|number| home.start(["run", "--detach", "--exec", "cat", &format!("number {number}")]))
        .collect();
    for starter in starters {
        starter.wait().expect_code(0);
    }
    let log = fs::read_to_string(home.path().join("logs/daemon.log")).expect("a log");
    assert_eq!(log.matches("\"ready\"").count(), 1, "{log}");
    let sessions = home.run(["ls", "--json"]).expect_code(0).stdout;
    let sessions: Vec<Value> = serde_json::from_str(&sessions).expect("a list");
    assert_eq!(sessions.len(), STARTERS);
}

#[test]
fn a_second_daemon_is_always_refused_and_told_who_is_there() {
    let home = Home::with_daemon();
    home.run(["up"]).expect_code(0);
    let pid = announced_pid(&home).to_string();
    for _ in 0..SECOND_DAEMONS / AT_A_TIME {
        // The way in which people start one, and the one that goes past all but the lock of the folder.
        let ways = [vec!["serve"], vec!["serve", "--background"]];
        let seconds: Vec<_> = (0..AT_A_TIME).map(|number| (number, home.start(&ways[number % 2]))).collect();
        for (number, second) in seconds {
            let refused = second.wait().expect_code(75);
            let said = if number % 2 == 0 { refused.stderr } else { refused.stdout };
            assert!(said.contains(&pid), "{said}");
        }
    }
    assert_eq!(announced_pid(&home).to_string(), pid, "nobody disturbed it");
    assert_eq!(status(&home)["running"], true);
}

#[test]
fn who_works_without_a_daemon_keeps_it_out_and_is_named() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let mut alone = home.start(["run", "--no-daemon", "--agent", "rogue", "ticker 5"]);
    alone.stdout.wait_for_text("number 3");
    for command in [["up"], ["serve"]] {
        let refused = home.run(command).expect_code(75);
        assert!(refused.stderr.contains(&alone.pid().to_string()), "{}", refused.stderr);
    }
    home.run(["down"]).expect_code(75);
    assert!(!alone.has_ended());
}

#[test]
fn what_a_killed_daemon_left_is_in_nobodys_way() {
    let home = Home::with_daemon();
    let daemon = serve(&home);
    daemon.kill_nine();
    daemon.wait();
    assert!(home.path().join("daemon.sock").exists(), "a stale socket is there");
    assert_eq!(status(&home)["running"], false);
    home.run(["down"]).expect_code(0);
    home.run(["up"]).expect_code(0);
    assert_eq!(status(&home)["running"], true);
}

#[test]
fn both_signals_end_it_and_it_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = Home::with_daemon();
        let daemon = serve(&home);
        daemon.signal(signal);
        daemon.wait().expect_code(0);
        assert!(announced(&home).is_none() && !home.path().join("daemon.sock").exists());
        assert_eq!(owner_of(&home.path()), None);
    }
}

#[test]
fn a_hang_up_ends_nothing_and_begins_a_new_log() {
    let home = Home::with_daemon();
    let mut daemon = serve(&home);
    daemon.signal(Signal::HUP);
    eventually("a new log", || home.path().join("logs/daemon.1.log").exists().then_some(()));
    assert!(!daemon.has_ended());
    assert_eq!(status(&home)["running"], true);
}

#[test]
fn it_ends_by_itself_when_its_data_folder_is_taken_away() {
    let home = Home::with_daemon();
    let daemon = serve(&home);
    fs::rename(home.path(), home.scratch("moved")).expect("moved");
    let ended = daemon.wait().expect_code(1);
    assert!(ended.stderr.contains("taken away"), "{}", ended.stderr);
}

#[test]
fn its_files_are_its_users_alone() {
    let home = Home::with_daemon();
    home.run(["up"]).expect_code(0);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    for (file, expected) in [
        ("", 0o700),
        ("daemon.json", 0o600),
        ("daemon.sock", 0o600),
        ("daemon.start", 0o600),
        ("logs", 0o700),
        ("logs/daemon.log", 0o600),
        ("logs/stderr.log", 0o600),
    ] {
        assert_eq!(mode(&home.path().join(file)), expected, "{file}");
    }
}

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let home = Home::with_daemon();
    let long = home.path().join("deep".repeat(30));
    let runtime_folder = home.scratch("run");
    fs::create_dir(&runtime_folder).expect("made");
    let command = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("SWITCHBOARD_HOME", &long).env("XDG_RUNTIME_DIR", &runtime_folder);
        Running::start(&mut command).wait().expect_code(0)
    };
    command(&["up"]);
    let status: Value = serde_json::from_str(&command(&["status", "--json"]).stdout).expect("JSON");
    let socket = status["daemon"]["socket"].as_str().expect("a path");
    assert!(socket.starts_with(&runtime_folder.display().to_string()), "{socket}");
    command(&["down"]);
    assert!(!Path::new(socket).exists());
}

#[test]
fn it_listens_to_this_machine_alone() {
    let home = Home::with_daemon();
    for (command, address) in [("serve", "0.0.0.0:0"), ("up", "192.168.1.1:4000"), ("serve", "[::]:0")] {
        let refused = home.run([command, "--listen", address]).expect_code(2);
        assert!(refused.stderr.contains("127.0.0.1"), "{}", refused.stderr);
    }
}

#[test]
fn a_shutdown_interrupts_stubborn_agents_and_says_which() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    for prompt in ["ignore-term", "ticker 5"] {
        home.run(["run", "--detach", "--agent", "rogue", prompt]).expect_code(0);
    }
    eventually("both agents", || (home.prompts_heard().len() == 2).then_some(()));
    let began = Instant::now();
    let down = home.run(["down"]).expect_code(0);
    assert!(began.elapsed() < SHUTDOWN_MAX, "it took {:?}", began.elapsed());
    assert!(
        down.stderr.contains("2 sessions were interrupted") && down.stderr.contains("resume --all"),
        "{}",
        down.stderr
    );
    assert_eq!(processes_with(&home.tag), [0; 0]);
    assert_eq!(status(&home)["sessions"]["interrupted"], 2);
}

#[test]
fn a_second_signal_makes_it_leave_at_once_and_the_next_start_cleans_up() {
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let daemon = serve(&home);
    home.run(["run", "--detach", "--agent", "rogue", "ignore-term"]).expect_code(0);
    eventually("the agent", || (home.prompts_heard().len() == 1).then_some(()));
    daemon.signal(Signal::TERM);
    let log = || fs::read_to_string(home.path().join("logs/daemon.log")).expect("a log");
    eventually("the shutdown", || log().contains("shutting down").then_some(()));
    daemon.signal(Signal::TERM);
    daemon.wait().expect_code(130);
    home.run(["up"]).expect_code(0);
    assert_eq!(processes_with(&home.tag), [0; 0]);
    assert_eq!(status(&home)["sessions"]["interrupted"], 1);
}

#[test]
fn a_changed_configuration_counts_without_a_restart_and_one_that_makes_no_sense_does_not() {
    let home = Home::with_daemon();
    home.configure("");
    home.run(["up"]).expect_code(0);
    home.configure("[agents.fresh]\nprotocol = \"exec\"\ncommand = [\"cat\"]\n");
    home.run(["run", "--agent", "fresh", "hello"]).expect_code(0);
    home.configure("[agents.fresh\n");
    let refused = home.run(["run", "--agent", "fresh", "hello"]).expect_code(2);
    assert!(refused.stderr.contains("config.toml:1"), "{}", refused.stderr);
    assert_eq!(status_of_daemon(&home), Some(true), "the daemon goes on with what it had");
}

/// Whether the daemon runs, asked with a configuration that makes sense.
fn status_of_daemon(home: &Home) -> Option<bool> {
    home.configure("");
    status(home)["running"].as_bool()
}

#[test]
fn neither_prompts_nor_answers_nor_keys_are_in_the_log() {
    let home = Home::with_daemon();
    home.configure("[agents.mine]\nprotocol = \"exec\"\ncommand = [\"cat\"]\nenv = { MY_KEY = \"marked-key\" }\n");
    home.run(["run", "--agent", "mine", "a marked prompt"]).expect_code(0);
    home.run(["run", "--exec", "echo marked words; echo marked complaint >&2; exit 3", "go"]).expect_code(5);
    home.run(["down"]).expect_code(0);
    let logs = fs::read_dir(home.path().join("logs")).expect("logs").map(|entry| entry.expect("readable").path());
    let logged: String = logs.map(|file| fs::read_to_string(file).expect("text")).collect();
    assert!(logged.contains("\"ready\""), "there is a log: {logged}");
    assert!(!logged.contains("marked"), "{logged}");
}
