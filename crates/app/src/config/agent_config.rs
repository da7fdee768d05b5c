//! The agents that can be run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::Section;
use super::endpoint_config::EndpointConfig;
use super::setting::{Kind, Lookup, Raw};
use super::{Agents, ConfigError, Origin, Sourced};
use crate::known_agents::{KNOWN_AGENTS, KnownAgent};

/// The agent that is always there: scripted, free, needs nothing installed.
pub(crate) const BUILTIN_AGENT: &str = "builtin";

/// The agent that there is when the environment names a model's endpoint.
pub(crate) const CODER_AGENT: &str = "coder";

/// Names longer than this would not fit a column.
const NAME_CHARS_MAX: usize = 40;

/// How to start an agent and talk to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentConfig {
    /// How it talks.
    pub(crate) protocol: Protocol,
    /// The program and its arguments. Empty for [`BUILTIN_AGENT`] and for agents with an endpoint, which are this
    /// program itself.
    pub(crate) command: Vec<String>,
    /// Variables set for it.
    pub(crate) env: BTreeMap<String, String>,
    /// Variables handed on from our own environment, if set there; all but a few harmless ones are
    /// withheld otherwise.
    pub(crate) pass_env: Vec<String>,
    /// Its model, unless one is asked for.
    pub(crate) model: Option<String>,
    /// The mode its sessions are put in, for agents of protocols that have modes.
    pub(crate) mode: Option<String>,
    /// The account it uses; one of its own unless set.
    pub(crate) account: Option<String>,
    /// The model's endpoint, for an agent that is this program with a model.
    pub(crate) endpoint: Option<EndpointConfig>,
}

/// How an agent talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protocol {
    /// Switchboard's own: JSON lines.
    Native,
    /// None: the prompt on standard input, the answer on standard output.
    Exec,
    /// Claude Code's stream-json.
    Claude,
    /// Codex's app-server.
    Codex,
    /// The Agent Client Protocol.
    Acp,
}

impl Protocol {
    /// Every protocol there is.
    pub(crate) const ALL: [Self; 5] = [Self::Native, Self::Exec, Self::Claude, Self::Codex, Self::Acp];

    /// The name used in the file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Exec => "exec",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Acp => "acp",
        }
    }
}

impl Kind for Protocol {
    const EXPECTED: &'static str = "\"native\", \"exec\", \"claude\", \"codex\" or \"acp\"";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        let text = String::read(raw)?;
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == text)
    }
}

impl AgentConfig {
    /// This program, as an agent with the model at `endpoint`.
    fn with_endpoint(endpoint: EndpointConfig, model: Option<String>, account: Option<String>) -> Self {
        Self { endpoint: Some(endpoint), model, account, ..Self::builtin() }
    }

    /// A known agent, as it is without any configuration.
    fn known(known: &KnownAgent) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let (command, pass_env) = (texts(known.command), texts(known.variables));
        // Two ways to the same maker share what its account may do.
        let account = known.name.strip_suffix("-acp").map(str::to_owned);
        Self { protocol: known.protocol, command, pass_env, account, ..Self::builtin() }
    }

    /// The agent that is always there.
    fn builtin() -> Self {
        let (command, env, pass_env) = (Vec::new(), BTreeMap::new(), Vec::new());
        let (model, mode, account, endpoint) = (None, None, None, None);
        Self { protocol: Protocol::Native, command, env, pass_env, model, mode, account, endpoint }
    }
}

/// The agents that are known, those of the `[agents]` section, and the one of the environment, if any.
pub(super) fn read_agents(agents: &Section<'_>, variables: Lookup<'_>) -> Result<Agents, ConfigError> {
    let preset = |name: &str, value| (name.to_owned(), Sourced { value, origin: Origin::Default });
    let mut known = Agents::from([preset(BUILTIN_AGENT, AgentConfig::builtin())]);
    known.extend(KNOWN_AGENTS.iter().map(|agent| preset(agent.name, AgentConfig::known(agent))));
    for (name, origin, section) in agents.sections()? {
        check_name(name, &origin)?;
        let value = read_agent(name, &origin, &section)?;
        known.insert(name.to_owned(), Sourced { value, origin });
    }
    if let Some(Sourced { value, origin }) = EndpointConfig::from_environment(variables)? {
        let value = AgentConfig::with_endpoint(value, None, None);
        known.insert(CODER_AGENT.to_owned(), Sourced { value, origin });
    }
    Ok(known)
}

fn check_name(name: &str, origin: &Origin) -> Result<(), ConfigError> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let reason = if name == BUILTIN_AGENT {
        "that is the agent that is always there"
    } else if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(is_plain) {
        "a name is at most 40 letters, digits, `-`, `_` and `.`"
    } else {
        return Ok(());
    };
    Err(ConfigError::AgentName { origin: origin.clone(), name: name.to_owned(), reason })
}

fn read_agent(name: &str, origin: &Origin, section: &Section<'_>) -> Result<AgentConfig, ConfigError> {
    if let Some(endpoint) = EndpointConfig::read(section)? {
        let text = |key| Ok(section.get(key)?.map(|text| text.value));
        return Ok(AgentConfig::with_endpoint(endpoint, text("model")?, text("account")?));
    }
    section.allow(&["account", "command", "endpoint", "env", "mode", "model", "pass_env", "protocol"])?;
    let base = start_of(name, origin, section)?;
    Ok(AgentConfig {
        env: section.text_map("env")?,
        pass_env: [base.pass_env, section.texts("pass_env")?].concat(),
        model: section.get("model")?.map(|model| model.value),
        mode: section.get("mode")?.map(|mode| mode.value),
        account: section.get("account")?.map(|account| account.value),
        ..base
    })
}

/// How the agent of a section is started: as it says; or, when it says nothing about that and has the name of a
/// known agent, as that one is, with its variables.
fn start_of(name: &str, origin: &Origin, section: &Section<'_>) -> Result<AgentConfig, ConfigError> {
    let (command, protocol) = (section.texts("command")?, section.get("protocol")?);
    let missing = |key| ConfigError::Missing { origin: origin.clone(), agent: name.to_owned(), key };
    match (KnownAgent::named(name), protocol) {
        (Some(known), None) if command.is_empty() => Ok(AgentConfig::known(known)),
        _ if command.is_empty() => Err(missing("command")),
        (_, None) => Err(missing("protocol")),
        (_, Some(Sourced { value: protocol, .. })) => Ok(AgentConfig { protocol, command, ..AgentConfig::builtin() }),
    }
}
