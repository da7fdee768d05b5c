//! What a person may set: defaults, limits and agents, from three places, each value with its origin.
//!
//! A flag goes before an environment variable, that before `config.toml`, that before the built-in
//! default. Nothing in the file is passed over in silence: an unknown key or a value of the wrong
//! kind is an error that names the line.

mod agent_config;
mod config_error;
mod default_agent;
mod document;
mod endpoint_config;
mod folders;
mod limits_config;
mod notify_config;
mod origin;
mod report;
mod setting;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

pub(crate) use agent_config::{AgentConfig, BUILTIN_AGENT, Protocol};
pub(crate) use config_error::ConfigError;
use document::{Document, Section};
pub(crate) use endpoint_config::EndpointConfig;
pub(crate) use folders::{Folders, NoHomeError};
pub(crate) use limits_config::Limits;
#[cfg(test)]
pub(crate) use notify_config::CommandConfig;
pub(crate) use notify_config::{NotifyConfig, WebhookConfig};
pub(crate) use origin::{Origin, Sourced};
pub(crate) use report::{ShowOrigin, to_json, to_toml};
pub(crate) use setting::{ApprovePolicy, Lookup};
use setting::{Kind, Raw};

/// Sessions of a parallel file that run at once unless told otherwise: enough to see the point, few
/// enough for an account's rate limit.
const JOBS_DEFAULT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not zero");

/// Everything that can be set, as it is in force.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// What a command uses unless told otherwise.
    pub(crate) defaults: Defaults,
    /// Bounds.
    pub(crate) limits: Limits,
    /// Whether a command that works with agents starts a daemon when there is none; otherwise it works by itself.
    pub(crate) auto_start: Sourced<bool>,
    /// Who is told what, and how.
    pub(crate) notify: NotifyConfig,
    /// The agents that can be run, by name: [`BUILTIN_AGENT`], every known one, installed or not, and the user's own.
    pub(crate) agents: Agents,
}

/// Agents by name.
pub(crate) type Agents = BTreeMap<String, Sourced<AgentConfig>>;

/// What a command uses unless told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Defaults {
    /// The agent: the first one that is installed, unless one is set.
    pub(crate) agent: Sourced<String>,
    /// The model, for agents that have none of their own configured.
    pub(crate) model: Option<Sourced<String>>,
    /// What is done when an agent asks for approval.
    pub(crate) approve: Sourced<ApprovePolicy>,
    /// The most sessions of a parallel file that run at once.
    pub(crate) jobs: Sourced<NonZeroUsize>,
}

impl Config {
    /// What `file` and the environment say; a file that does not exist says nothing.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it or in a variable makes no sense.
    pub(crate) fn load(file: &Path, variables: Lookup<'_>) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(ConfigError::Unreadable { file: file.to_owned(), cause }),
        };
        Self::parse(&text, file, variables)
    }

    /// [`Self::load`] of a file with this text.
    ///
    /// # Errors
    /// When anything in the text or in a variable makes no sense.
    pub(crate) fn parse(text: &str, file: &Path, variables: Lookup<'_>) -> Result<Self, ConfigError> {
        let document = Document::parse(text, file)?;
        let root = document.root();
        root.allow(&["agents", "daemon", "defaults", "limits", "notify"])?;
        let layers = Layers { variables };
        let agents = agent_config::read_agents(&root.section("agents")?, variables)?;
        let config = Self {
            defaults: layers.defaults(&root.section("defaults")?, &agents)?,
            limits: Limits::read(&root.section("limits")?, &layers)?,
            auto_start: layers.auto_start(&root.section("daemon")?)?,
            notify: NotifyConfig::read(&root.section("notify")?)?,
            agents,
        };
        config.agent_named(&config.defaults.agent)?;
        Ok(config)
    }

    /// Which agent uses which account, where that is not one of its own.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (String, String)> {
        self.agents.iter().filter_map(|(name, agent)| Some((name.clone(), agent.value.account.clone()?)))
    }

    /// The agent with this name.
    ///
    /// # Errors
    /// When there is none; the error says where the name comes from and which there are.
    pub(crate) fn agent_named(&self, name: &Sourced<String>) -> Result<&AgentConfig, ConfigError> {
        let found = self.agents.get(&name.value).map(|agent| &agent.value);
        found.ok_or_else(|| ConfigError::unknown_agent(name, self.agents.keys()))
    }
}

/// The layers above the file.
struct Layers<'a> {
    variables: Lookup<'a>,
}

impl Layers<'_> {
    fn defaults(&self, section: &Section<'_>, agents: &Agents) -> Result<Defaults, ConfigError> {
        section.allow(&["agent", "approve", "jobs", "model"])?;
        let path = (self.variables)("PATH").unwrap_or_default();
        let first = default_agent::first_installed(agents, path.as_ref());
        Ok(Defaults {
            agent: self.or(section, "agent", "SWITCHBOARD_AGENT", first)?,
            model: self.get(section, "model", "SWITCHBOARD_MODEL")?,
            approve: self.or(section, "approve", "SWITCHBOARD_APPROVE", ApprovePolicy::Ask)?,
            jobs: self.or(section, "jobs", "SWITCHBOARD_JOBS", JOBS_DEFAULT)?,
        })
    }

    fn auto_start(&self, section: &Section<'_>) -> Result<Sourced<bool>, ConfigError> {
        section.allow(&["auto_start"])?;
        self.or(section, "auto_start", "SWITCHBOARD_AUTO_START", true)
    }

    fn or<T: Kind>(
        &self,
        section: &Section<'_>,
        key: &'static str,
        variable: &'static str,
        default: T,
    ) -> Result<Sourced<T>, ConfigError> {
        let set = self.get(section, key, variable)?;
        Ok(set.unwrap_or(Sourced { value: default, origin: Origin::Default }))
    }

    fn get<T: Kind>(
        &self,
        section: &Section<'_>,
        key: &'static str,
        variable: &'static str,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        // The file is read even where the environment wins, so that a mistake in it is not found
        // only on the day the variable goes away.
        let filed = section.get(key)?;
        match (self.variables)(variable).filter(|text| !text.is_empty()) {
            Some(text) => setting::from_raw(&Raw::Text(&text), variable, Origin::Environment { variable }).map(Some),
            None => Ok(filed),
        }
    }
}

#[cfg(test)]
mod tests;
