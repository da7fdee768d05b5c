//! The agents that can be run, by name.

use std::collections::BTreeMap;

use switchboard_sidecar::AgentSpec;

use crate::engine::EngineError;

/// A session whose agent is a line of shell carries the line in its agent's name, after this, so that
/// it can be resumed without any configuration.
const SHELL_PREFIX: &str = "exec:";

/// The agents that can be run, by name.
#[derive(Clone, Debug, Default)]
pub struct AgentBook {
    agents: BTreeMap<String, AgentSpec>,
    accounts: BTreeMap<String, String>,
}

impl AgentBook {
    /// A book of these agents; of two with one name the later counts.
    pub fn new(agents: impl IntoIterator<Item = AgentSpec>) -> Self {
        let agents = agents.into_iter().map(|agent| (agent.name.clone(), agent)).collect();
        Self { agents, accounts: BTreeMap::new() }
    }

    /// The same book, in which each agent named here uses this account instead of one of its own.
    #[must_use]
    pub fn with_accounts(mut self, accounts: impl IntoIterator<Item = (String, String)>) -> Self {
        self.accounts = accounts.into_iter().collect();
        self
    }

    /// The account that an agent uses: what it says about limits is true for all agents of that account.
    pub fn account<'a>(&'a self, name: &'a str) -> &'a str {
        self.accounts.get(name).map_or(name, String::as_str)
    }

    /// The name under which a line of shell can be run as an agent.
    pub fn shell_name(command: &str) -> String {
        format!("{SHELL_PREFIX}{command}")
    }

    /// All agents by name; lines of shell are not among them.
    pub fn iter(&self) -> impl Iterator<Item = &AgentSpec> {
        self.agents.values()
    }

    /// How to run the agent of this name.
    ///
    /// # Errors
    /// [`EngineError::UnknownAgent`], which lists the names there are.
    pub fn resolve(&self, name: &str) -> Result<AgentSpec, EngineError> {
        if let Some(command) = name.strip_prefix(SHELL_PREFIX) {
            return Ok(AgentSpec::shell(name, command));
        }
        let unknown = || EngineError::UnknownAgent {
            name: name.to_owned(),
            known: self.agents.keys().cloned().collect::<Vec<_>>().join(", "),
        };
        self.agents.get(name).cloned().ok_or_else(unknown)
    }
}
