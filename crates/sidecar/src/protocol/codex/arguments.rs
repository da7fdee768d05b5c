//! How Codex is told to serve a client.

use std::ffi::OsString;

use crate::AgentSpec;

/// Codex's own command that serves a client on standard input and output.
const COMMAND: &str = "app-server";

/// The configured arguments of `agent` and the command, unless it is among them.
pub(crate) fn arguments(agent: &AgentSpec) -> Vec<OsString> {
    let is_there = agent.args.iter().any(|arg| arg == COMMAND);
    let command = (!is_there).then(|| OsString::from(COMMAND));
    agent.args.iter().cloned().chain(command).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ProtocolKind;

    #[rstest]
    #[case::added(&["-c", "model=\"m\""], &["-c", "model=\"m\"", "app-server"])]
    #[case::once(&["app-server", "-c", "a=1"], &["app-server", "-c", "a=1"])]
    fn the_command_is_given_once(#[case] configured: &[&str], #[case] given: &[&str]) {
        let agent = AgentSpec::new("codex", ProtocolKind::Codex, "codex").with_args(configured.iter().copied());
        assert_eq!(arguments(&agent), given);
    }
}
