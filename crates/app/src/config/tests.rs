//! What is read, what goes before what, and how mistakes are explained.

use std::path::Path;
use std::time::Duration;

use rstest::rstest;

use super::*;

const FILE: &str = "/ada/switchboard/config.toml";

fn parse(text: &str) -> Result<Config, ConfigError> {
    parse_with(text, &[])
}

fn parse_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::parse(text, Path::new(FILE), &lookup)
}

#[track_caller]
fn refusal(text: &str) -> String {
    let error = parse(text).expect_err("it makes no sense");
    let hint = error.hint().map_or_else(String::new, |hint| format!("\n{hint}"));
    format!("{error}{hint}")
}

#[test]
fn nothing_set_is_the_defaults() {
    let config = parse("").expect("empty is fine");
    assert_eq!(config.defaults.agent, Sourced { value: "builtin".to_owned(), origin: Origin::Default });
    assert_eq!(config.defaults.approve.value, ApprovePolicy::Ask);
    assert_eq!(config.limits.save_timeout.value, Duration::from_secs(5));
    assert_eq!(config.limits.budget, None);
    assert!(config.agents.values().all(|agent| agent.origin == Origin::Default));
    assert!(config.agents.contains_key("builtin") && config.agents.contains_key("claude"));
}

#[test]
fn a_missing_file_is_the_defaults_and_an_unreadable_one_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        Config::load(&folder.path().join("config.toml"), &|_| None).expect("defaults"),
        parse("").expect("defaults")
    );
    let error = Config::load(folder.path(), &|_| None).expect_err("a folder is no file");
    assert!(error.to_string().starts_with("cannot read the configuration /"), "{error}");
}

#[test]
fn the_environment_goes_before_the_file_and_says_so() {
    let text = "[defaults]\njobs = 3\nmodel = \"small\"";
    let config = parse_with(text, &[("SWITCHBOARD_JOBS", "5"), ("SWITCHBOARD_MODEL", "")]).expect("sound");
    assert_eq!(config.defaults.jobs.value.get(), 5);
    assert_eq!(config.defaults.jobs.origin, Origin::Environment { variable: "SWITCHBOARD_JOBS" });
    let model = config.defaults.model.expect("an empty variable is none");
    assert_eq!(model, Sourced { value: "small".to_owned(), origin: Origin::File { file: FILE.into(), line: 3 } });
}

const AGENTS: &str = r#"
[agents.claude]
protocol = "native"
command = ["claude-sidecar", "--fast"]
model = "large"
env = { API_KEY = "secret" }
pass_env = ["HTTPS_PROXY"]

[agents."lint.er"]
protocol = "exec"
command = ["lint"]
"#;

#[test]
fn agents_are_read_whole() {
    let config = parse(AGENTS).expect("sound");
    let claude = &config.agents["claude"];
    assert_eq!(claude.origin, Origin::File { file: FILE.into(), line: 2 });
    assert_eq!(claude.value.command, ["claude-sidecar", "--fast"]);
    assert_eq!(claude.value.env["API_KEY"], "secret");
    assert_eq!(claude.value.pass_env, ["HTTPS_PROXY"]);
    assert_eq!(config.agents["lint.er"].value.protocol, Protocol::Exec);
}

#[test]
fn what_is_in_force_can_be_read_and_keeps_secrets() {
    let text = format!("[limits]\nbudget_usd = 2.5\nday_budget_tokens = 9\n{AGENTS}");
    let config = parse_with(&text, &[("SWITCHBOARD_APPROVE", "none")]).expect("sound");
    insta::assert_snapshot!(to_toml(&config, ShowOrigin::Yes), @r#"
    [defaults]
    agent = "builtin"  # default
    approve = "none"  # environment variable SWITCHBOARD_APPROVE
    jobs = 8  # default

    [limits]
    budget_usd = 2.5  # /ada/switchboard/config.toml:2
    day_budget_tokens = 9  # /ada/switchboard/config.toml:3
    agents_max = 16  # default
    idle_after_seconds = 900.0  # default
    stuck_after_seconds = 600.0  # default
    save_timeout_seconds = 5.0  # default
    line_bytes = 16777216  # default

    [daemon]
    auto_start = true  # default

    [agents.claude]
    protocol = "native"  # /ada/switchboard/config.toml:5
    command = ["claude-sidecar", "--fast"]  # /ada/switchboard/config.toml:5
    model = "large"  # /ada/switchboard/config.toml:5
    env = { API_KEY = "***" }  # /ada/switchboard/config.toml:5
    pass_env = ["HTTPS_PROXY"]  # /ada/switchboard/config.toml:5

    [agents."lint.er"]
    protocol = "exec"  # /ada/switchboard/config.toml:12
    command = ["lint"]  # /ada/switchboard/config.toml:12
    "#);
    // Without the masked values it is the same configuration again.
    let again = parse(&to_toml(&config, ShowOrigin::No)).expect("it is a configuration");
    assert_eq!(again.defaults.approve.value, config.defaults.approve.value);
    assert_eq!(again.agents["lint.er"].value, config.agents["lint.er"].value);
}

#[test]
fn json_names_each_origin() {
    let config = parse_with("[defaults]\njobs = 3", &[("SWITCHBOARD_MODEL", "m")]).expect("sound");
    let json = to_json(&config);
    assert_eq!(
        json[0],
        serde_json::json!({"key": "defaults.agent", "value": "builtin", "origin": {"kind": "default"}})
    );
    assert_eq!(json[1]["origin"], serde_json::json!({"kind": "environment", "variable": "SWITCHBOARD_MODEL"}));
    assert_eq!(json[3]["origin"], serde_json::json!({"kind": "file", "file": FILE, "line": 2}));
}

#[track_caller]
fn refusals(texts: &[&str]) -> String {
    texts.iter().map(|text| refusal(text).replace(FILE, "config.toml")).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn mistakes_in_settings_are_explained() {
    let mistakes = [
        "[defaults]\nagnet = \"claude\"",
        "[defaults]\nzebra = 1",
        "[default]\nagent = \"claude\"",
        "colour = true",
        "defaults = 3",
        "[defaults]\njobs = \"many\"",
        "[defaults]\njobs = 0",
        "[defaults]\nmodel = 4.5",
        "[defaults]\napprove = \"maybe\"",
        "[defaults]\nagent = \"nobody\"",
        "[defaults]\nagent = \"builtn\"",
        "[limits]\nbudget_usd = -1",
        "[limits]\nsave_timeout_seconds = 0",
        "[limits]\nline_bytes = 12",
        "[defaults\nagent = 1",
        "[defaults]\njobs = 1\njobs = 2",
    ];
    insta::assert_snapshot!(refusals(&mistakes), @r#"
    config.toml:2: unknown key `agnet` in [defaults]
    did you mean `agent`?

    config.toml:2: unknown key `zebra` in [defaults]
    known here: agent, approve, jobs, model

    config.toml:1: unknown key `default`
    did you mean `defaults`?

    config.toml:1: unknown key `colour`
    known here: agents, daemon, defaults, limits, notify

    config.toml:1: `defaults` must be a table, not 3

    config.toml:2: `defaults.jobs` must be a whole number from 1 to 1000, not "many"

    config.toml:2: `defaults.jobs` must be a whole number from 1 to 1000, not 0

    config.toml:2: `defaults.model` must be a text, not 4.5

    config.toml:2: `defaults.approve` must be "ask", "edits", "all" or "none", not "maybe"

    no agent is called `nobody` (config.toml:2)
    there are: amp, auggie, builtin, claude, claude-acp, codex, codex-acp, copilot, cursor, droid, gemini, goose, kimi, opencode, qoder, qwen, vibe; add others to the configuration (see `switchboard agents`)

    no agent is called `builtn` (config.toml:2)
    did you mean `builtin`?

    config.toml:2: `limits.budget_usd` must be an amount of dollars above 0, not -1

    config.toml:2: `limits.save_timeout_seconds` must be a number of seconds above 0, at most 86400, not 0

    config.toml:2: `limits.line_bytes` must be a number of bytes from 65536 to 1073741824, not 12

    config.toml:1: unclosed table, expected `]`

    config.toml:3: duplicate key
    "#);
}

#[test]
fn mistakes_about_agents_are_explained() {
    let mistakes = [
        "[agents.claude]\ncommand = \"claude --fast\"\nprotocol = \"native\"",
        "[agents.claude]\nprotocol = \"native\"",
        "[agents.claude]\ncommand = [\"claude\"]",
        "[agents.claude]\ncommand = [\"claude\", 3]\nprotocol = \"exec\"",
        "[agents.claude]\ncommand = [\"claude\"]\nprotocol = \"telepathy\"",
        "[agents.claude]\ncommand = [\"claude\"]\nprotocol = \"exec\"\nenvironment = {}",
        "[agents.claude]\ncommand = [\"claude\"]\nprotocol = \"exec\"\n[agents.claude.env]\nA = 1",
        "[agents.builtin]\ncommand = [\"x\"]",
        "[agents.\"a b\"]\ncommand = [\"x\"]",
    ];
    insta::assert_snapshot!(refusals(&mistakes), @r#"
    config.toml:2: `agents.claude.command` must be a list of texts, such as ["my-agent", "--flag"], not "claude --fast"

    config.toml:1: agent `claude` has no `command`
    give the program and its arguments: command = ["my-agent"]

    config.toml:1: agent `claude` has no `protocol`
    protocol = "native" for JSON lines, "exec" for any command that answers on standard output, "claude" for Claude Code, "codex" for Codex, "acp" for any agent that speaks the Agent Client Protocol

    config.toml:2: `agents.claude.command` must be a list of texts, such as ["my-agent", "--flag"], not 3

    config.toml:3: `agents.claude.protocol` must be "native", "exec", "claude", "codex" or "acp", not "telepathy"

    config.toml:4: unknown key `environment` in [agents.claude]
    did you mean `env`?

    config.toml:5: `agents.claude.env.A` must be a text, not 1

    config.toml:1: an agent cannot be called `builtin`: that is the agent that is always there

    config.toml:1: an agent cannot be called `a b`: a name is at most 40 letters, digits, `-`, `_` and `.`
    "#);
}

#[rstest]
#[case("SWITCHBOARD_JOBS", "many")]
#[case("SWITCHBOARD_APPROVE", "yes")]
#[case("SWITCHBOARD_BUDGET_USD", "inf")]
#[case("SWITCHBOARD_AGENT", "nobody")]
fn a_mistake_in_a_variable_names_it(#[case] variable: &str, #[case] value: &str) {
    let error = parse_with("", &[(variable, value)]).expect_err("it makes no sense").to_string();
    assert!(error.contains(variable), "{error}");
}

#[test]
fn a_mistake_in_the_file_is_found_though_the_environment_wins() {
    assert!(parse_with("[defaults]\njobs = \"x\"", &[("SWITCHBOARD_JOBS", "2")]).is_err());
}
