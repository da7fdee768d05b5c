//! `agents check` starts agents for real, and tells those that work from those that do not.

use rstest::rstest;
use serde_json::Value;
use switchboard_tests::{Ended, Programs};

/// An agent of the Agent Client Protocol that answers its greeting like this.
fn acp(initialized: &str, opened: &str) -> String {
    format!(
        "read hello; echo '{{\"jsonrpc\":\"2.0\",\"id\":1,{initialized}}}'\n\
         read session; echo '{{\"jsonrpc\":\"2.0\",\"id\":2,{opened}}}'\nread end"
    )
}

const GREETING: &str = r#""result": {"protocolVersion": 1, "agentCapabilities": {"loadSession": true}, "agentInfo": {"name": "g", "version": "0.61.0"}}"#;
const SESSION: &str = r#""result": {"sessionId": "s", "modes": {"currentModeId": "plan", "availableModes": [{"id": "plan", "name": "Plan"}]}}"#;
const NO_LOGIN: &str = r#""error": {"code": -32000, "message": "no key is configured"}"#;

#[track_caller]
fn report(stage: &Programs, name: &str, code: i32) -> Value {
    let ended = stage.run(&["agents", "check", name, "--json", "--timeout", "60"]).expect_code(code);
    let mut reports: Vec<Value> = serde_json::from_str(&ended.stdout).expect("a list");
    reports.pop().expect("a report")
}

#[test]
fn agents_that_answer_work_and_say_what_they_can_do() {
    let stage = Programs::new()
        .install_understudy("claude", "2.1.330")
        .install_understudy("codex", "0.169.0")
        .install("gemini", &acp(GREETING, SESSION));
    let claude = report(&stage, "claude", 0);
    assert_eq!((&claude["verdict"], &claude["problem"]), (&"works".into(), &Value::Null));
    assert_eq!(claude["models"], serde_json::json!(["default"]));
    let codex = report(&stage, "codex", 0);
    assert_eq!((&codex["verdict"], &codex["account"]), (&"works".into(), &"apiKey".into()));
    let gemini = report(&stage, "gemini", 0);
    assert_eq!((&gemini["version"], &gemini["modes"][0]), (&"0.61.0".into(), &"plan".into()));
    assert_eq!(gemini["abilities"], serde_json::json!(["load"]));
    assert_eq!(report(&stage, "builtin", 0)["verdict"], "works");
}

#[rstest]
#[case::not_installed("", 3, "not_installed", "npm install -g @google/gemini-cli")]
#[case::not_logged_in(&acp(GREETING, NO_LOGIN), 5, "not_logged_in", "run `gemini` once")]
#[case::another_version(&acp(r#""result": {"protocolVersion": 7}"#, SESSION), 5, "refused", "version 7")]
#[case::too_old("echo \"error: unknown option '--acp'\" >&2; exit 1", 5, "exited", "update it")]
#[case::broken("echo 'Segmentation fault' >&2; kill -11 $$", 5, "exited", "Segmentation fault")]
#[case::gone_with_a_banner("echo 'Welcome to gemini!'", 5, "exited", "Welcome to gemini!")]
#[case::no_interpreter("#!/no/such/node", 5, "cannot_start", "/no/such/node")]
fn what_is_wrong_is_said_with_what_to_do(
    #[case] script: &str,
    #[case] code: i32,
    #[case] problem: &str,
    #[case] said: &str,
) {
    let stage = Programs::new();
    let stage = if script.is_empty() { stage } else { stage.install("gemini", script) };
    let report = report(&stage, "gemini", code);
    assert_eq!((&report["verdict"], &report["problem"]), (&"fails".into(), &problem.into()), "{report}");
    assert!(report.to_string().contains(said), "{report}");
}

#[rstest]
#[case::mute("exec /bin/sleep 600", "did not answer")]
#[case::junk_for_ever("while :; do echo 'npm warn deprecated'; done", "npm warn deprecated")]
#[case::deaf_to_signals("trap '' TERM INT; while :; do /bin/sleep 1; done", "did not answer")]
fn an_agent_that_does_not_answer_is_given_up_and_ended(#[case] script: &str, #[case] said: &str) {
    let stage = Programs::new().install("gemini", script);
    let ended = stage.run(&["agents", "check", "gemini", "--timeout", "1"]).expect_code(5);
    assert!(
        ended.stdout.contains("gemini (Gemini CLI) does not work") && ended.stdout.contains(said),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("what it waits for: gemini --acp"), "{}", ended.stdout);
}

#[test]
fn junk_before_the_answer_is_mentioned_and_does_no_harm() {
    let stage = Programs::new().install("gemini", &format!("echo 'a banner'; {}", acp(GREETING, SESSION)));
    let report = report(&stage, "gemini", 0);
    assert!(report["junk"].as_str().is_some_and(|junk| junk.contains("a banner")), "{report}");
}

#[test]
fn a_plain_command_is_found_and_not_started() {
    let stage = Programs::new().install("mine", ": > \"$HOME\"/started");
    stage.home.configure("[agents.mine]\nprotocol = \"exec\"\ncommand = [\"mine\"]\n");
    assert_eq!(report(&stage, "mine", 0)["verdict"], "found");
    assert!(!stage.home.scratch("started").exists());
}

#[test]
fn without_a_name_all_that_are_installed_are_checked_and_the_worst_counts() {
    let stage = Programs::new().install_understudy("codex", "0.169.0").install("gemini", &acp(GREETING, NO_LOGIN));
    let Ended { stdout, .. } = stage.run(&["agents", "check"]).expect_code(5);
    let heads: Vec<&str> = stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(heads.len(), 3, "{stdout}");
    assert!(heads[0].contains("codex (Codex) works") && heads[2].contains("builtin works"), "{stdout}");
    stage.run(&["agents", "check", "nobody"]).expect_code(3);
}
