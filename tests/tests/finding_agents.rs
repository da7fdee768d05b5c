//! Agents are found where they are installed, named, listed and chosen.

use serde_json::Value;
use switchboard_tests::Programs;

/// The agents as programs see them.
#[track_caller]
fn agents(stage: &Programs) -> Vec<Value> {
    serde_json::from_str(&stage.run(&["agents", "--json"]).expect_code(0).stdout).expect("a list")
}

#[track_caller]
fn agent(stage: &Programs, name: &str) -> Value {
    agents(stage).into_iter().find(|agent| agent["name"] == name).expect("it is listed")
}

#[test]
fn the_first_agent_that_is_installed_is_run_and_named_on_standard_error() {
    let stage = Programs::new().install_understudy("codex", "codex-cli 0.169.0");
    let ended = stage.run(&["run", "hello"]).expect_code(0);
    assert_eq!(ended.stdout.trim(), "well, you said: hello");
    assert!(ended.stderr.contains("agent: codex (Codex), the first one found"), "{}", ended.stderr);
    let stage = stage.install_understudy("claude", "2.1.330 (Claude Code)");
    let ended = stage.run(&["run", "hello"]).expect_code(0);
    assert!(ended.stderr.contains("agent: claude"), "{}", ended.stderr);
}

#[test]
fn who_names_an_agent_or_reads_json_is_not_told_which_it_is() {
    let stage = Programs::new().install_understudy("codex", "codex-cli 0.169.0");
    for args in [&["run", "--agent", "codex", "hello"][..], &["run", "--jsonl", "hello"]] {
        let ended = stage.run(args).expect_code(0);
        assert!(!ended.stderr.contains("first one found"), "{}", ended.stderr);
    }
}

#[test]
fn without_any_agent_the_built_in_one_is_run_and_says_that_it_is_none() {
    let ended = Programs::new().run(&["run", "--approve", "all", "hello"]).expect_code(0);
    assert!(ended.stderr.contains("no coding agent was found"), "{}", ended.stderr);
}

#[test]
fn an_agent_that_is_not_installed_is_not_started_and_says_how_to_get_it() {
    let stage = Programs::new();
    let ended = stage.run(&["run", "--agent", "gemini", "hello"]).expect_code(3);
    assert!(ended.stderr.contains("npm install -g @google/gemini-cli"), "{}", ended.stderr);
    stage.run(&["show", "last"]).expect_code(3);
}

#[test]
fn the_list_has_versions_states_and_what_to_do() {
    let stage = Programs::new()
        .install("claude", "echo '2.1.330 (Claude Code)'")
        .install("goose", "echo ' 1.23.2' >&2")
        .install("opencode", "printf '\\033[31mno idea\\n'; exit 1");
    stage.home.configure("[agents.mine]\nprotocol = \"exec\"\ncommand = [\"no-such-program\"]\n");
    let claude = agent(&stage, "claude");
    assert_eq!((&claude["version"], &claude["state"]), (&"2.1.330".into(), &"installed".into()));
    assert_eq!((&claude["is_default"], &claude["log_in"]), (&true.into(), &"claude auth login".into()));
    assert_eq!(agent(&stage, "goose")["version"], "1.23.2");
    assert_eq!(agent(&stage, "opencode")["version"], Value::Null);
    assert_eq!(agent(&stage, "codex")["install"], "npm install -g @openai/codex");
    assert_eq!(agent(&stage, "mine")["state"], "not_found");
    let listed = stage.run(&["agents"]).expect_code(0).stdout;
    let states: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    assert_eq!(states[0], ("claude", "default\t2.1.330\tclaude\t-\tclaude"), "{listed}");
    assert!(listed.contains("codex\tnot installed"), "{listed}");
}

/// A program that never answers costs its version, and nobody else's.
#[test]
fn programs_that_hang_or_flood_are_listed_all_the_same() {
    let stage = Programs::new()
        .install("claude", "echo '2.1.330 (Claude Code)'")
        .install("gemini", "exec /bin/sleep 600")
        .install("qwen", "while :; do echo 'no version at all'; done");
    let listed = agents(&stage);
    let version = |name: &str| listed.iter().find(|agent| agent["name"] == name).expect("listed")["version"].clone();
    assert_eq!([version("claude"), version("gemini"), version("qwen")], ["2.1.330".into(), Value::Null, Value::Null]);
}

#[test]
fn a_program_of_the_users_own_is_not_asked_for_its_version() {
    let stage = Programs::new().install("mine", "touch started");
    stage.home.configure("[agents.mine]\nprotocol = \"exec\"\ncommand = [\"mine\"]\n");
    assert_eq!(agent(&stage, "mine")["state"], "installed");
    assert!(!stage.home.project().join("started").exists() && !std::env::temp_dir().join("started").exists());
}

#[test]
fn each_line_of_a_parallel_file_may_name_its_agent() {
    let stage = Programs::new().install_understudy("codex", "1.0").install_understudy("claude", "1.0");
    let site = stage.home.scratch("site").display().to_string();
    std::fs::create_dir(&site).expect("made");
    let json = format!(r#"{{"prompt": "from json", "agent": "codex", "project": "{site}", "title": "its title"}}"#);
    let prompts = ["plain", "--agent codex for codex", &json, "-- --agent nobody"];
    let file = stage.home.prompts(&prompts).display().to_string();
    stage.run(&["run", "--parallel-file", &file]).expect_code(0);
    let listed = stage.run(&["ls", "--json"]).expect_code(0).stdout;
    let sessions: Vec<Value> = serde_json::from_str(&listed).expect("a list");
    let field = |prompt: &str, field: &str| {
        let session = sessions.iter().find(|session| session["prompt"] == prompt);
        session.unwrap_or_else(|| panic!("{prompt} is not in {listed}"))[field].clone()
    };
    assert_eq!((field("plain", "agent"), field("for codex", "agent")), ("claude".into(), "codex".into()));
    assert_eq!((field("from json", "agent"), field("from json", "title")), ("codex".into(), "its title".into()));
    assert_eq!(
        (field("from json", "project_name"), field("--agent nobody", "agent")),
        ("site".into(), "claude".into())
    );
}

#[test]
fn a_line_with_an_unknown_agent_is_named_and_nothing_is_started() {
    let stage = Programs::new();
    for (line, said) in
        [("--agent nobdy d", ":4: no agent is called `nobdy`"), ("--agent codex d", ":4: Codex is not installed")]
    {
        let file = stage.home.prompts(&["a", "# a remark", "c", line]).display().to_string();
        let ended = stage.run(&["run", "--agent", "builtin", "--parallel-file", &file]).expect_code(3);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(stage.run(&["ls"]).expect_code(0).stdout, "");
    }
}
