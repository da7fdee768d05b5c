//! Which agent is run when nobody names one.

use std::ffi::OsStr;
use std::path::Path;

use super::agent_config::{AgentConfig, BUILTIN_AGENT};
use super::{Agents, Origin};
use crate::known_agents::KNOWN_AGENTS;
use crate::programs;

impl AgentConfig {
    /// Whether its program is there, as far as `path` (the variable `PATH`) leads to it. What is this program
    /// itself always is.
    pub(crate) fn is_installed(&self, path: &OsStr) -> bool {
        self.command.first().is_none_or(|program| programs::find(Path::new(program), path).is_some())
    }
}

/// The first agent that is installed: of the known ones in their order, then of the configured ones by name,
/// else the built-in one.
pub(super) fn first_installed(agents: &Agents, path: &OsStr) -> String {
    let known = KNOWN_AGENTS.iter().filter(|known| known.is_unmistakable).map(|known| known.name);
    let own = agents.iter().filter(|(_, agent)| agent.origin != Origin::Default).map(|(name, _)| name.as_str());
    let is_installed = |name: &&str| agents.get(*name).is_some_and(|agent| agent.value.is_installed(path));
    known.chain(own).find(is_installed).unwrap_or(BUILTIN_AGENT).to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use rstest::rstest;

    use super::super::Config;
    use super::*;

    const OWN: &str = "[agents.own]\nprotocol = \"exec\"\ncommand = [\"own-program\"]\n";

    /// A folder with these programs.
    fn installed(programs: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for program in programs {
            let file = folder.path().join(program);
            std::fs::write(&file, "").expect("written");
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("set");
        }
        folder
    }

    fn config(text: &str, folder: &Path, agent: Option<&str>) -> Config {
        let variables = |name: &str| match name {
            "PATH" => folder.to_str().map(str::to_owned),
            "SWITCHBOARD_AGENT" => agent.map(str::to_owned),
            _ => None,
        };
        Config::parse(text, &PathBuf::from("config.toml"), &variables).expect("sound")
    }

    #[rstest]
    #[case::nothing("", &[], "builtin")]
    #[case::the_first_in_order("", &["gemini", "codex"], "codex")]
    #[case::by_its_program("", &["cursor-agent"], "cursor")]
    #[case::never_one_whose_name_others_have("", &["goose", "copilot", "amp", "droid"], "builtin")]
    #[case::own_ones_come_after_the_known(OWN, &["own-program", "opencode"], "opencode")]
    #[case::own_ones_come_before_the_built_in(OWN, &["own-program"], "own")]
    #[case::own_ones_must_be_installed(OWN, &[], "builtin")]
    #[case::an_endpoint_needs_no_program("[agents.e]\nendpoint = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"", &[], "e")]
    #[case::a_known_one_with_another_command(
        "[agents.claude]\nprotocol = \"claude\"\ncommand = [\"own-program\"]", &["own-program", "codex"], "claude"
    )]
    #[case::the_configuration_wins("[defaults]\nagent = \"gemini\"", &["claude"], "gemini")]
    fn the_default_is_the_first_that_is_installed(#[case] text: &str, #[case] programs: &[&str], #[case] name: &str) {
        let folder = installed(programs);
        assert_eq!(config(text, folder.path(), None).defaults.agent.value, name);
        let by_variable = config(text, folder.path(), Some("qwen")).defaults.agent;
        assert_eq!((by_variable.value.as_str(), by_variable.origin == Origin::Default), ("qwen", false));
    }

    #[test]
    fn an_entry_that_does_not_say_how_to_start_a_known_agent_adds_to_it() {
        let text = "[agents.claude]\nmodel = \"opus\"\npass_env = [\"MORE\"]";
        let config = config(text, Path::new("/nowhere"), None);
        let claude = &config.agents["claude"].value;
        assert_eq!((claude.command.as_slice(), claude.model.as_deref()), (&["claude".to_owned()][..], Some("opus")));
        let passed = |name: &str| claude.pass_env.iter().any(|passed| passed == name);
        assert!(passed("MORE") && passed("ANTHROPIC_*"), "{:?}", claude.pass_env);
    }

    #[test]
    fn an_entry_with_a_command_of_its_own_stands_alone() {
        let text = "[agents.claude]\nprotocol = \"exec\"\ncommand = [\"x\"]";
        let config = config(text, Path::new("/nowhere"), None);
        assert_eq!(config.agents["claude"].value.pass_env, Vec::<String>::new());
    }
}
