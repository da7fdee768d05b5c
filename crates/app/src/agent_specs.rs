//! From the configuration of agents to what starts them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use switchboard_sidecar::{AgentSpec, Environment, ProtocolKind};
use thiserror::Error;

use crate::config::{AgentConfig, BUILTIN_AGENT, Config, EndpointConfig, Protocol};

/// The command of this program that is the built-in agent.
const WORKER_COMMAND: &str = "worker";

/// This program does not know where it is, so it cannot start itself as the built-in agent.
#[derive(Debug, Error)]
#[error("cannot find the program of the built-in agent: {cause}")]
pub(crate) struct NoProgramError {
    #[source]
    pub(crate) cause: std::io::Error,
}

/// How to start each agent of the configuration.
///
/// # Errors
/// When the path of this program is unknown.
///
/// Agents with an endpoint keep their conversations in `memory`.
pub(crate) fn agent_specs(config: &Config, memory: &Path) -> Result<Vec<AgentSpec>, NoProgramError> {
    let this_program = std::env::current_exe().map_err(|cause| NoProgramError { cause })?;
    let spec = |(name, agent): (&String, &AgentConfig)| {
        let mut spec = if name == BUILTIN_AGENT {
            AgentSpec::new(name, ProtocolKind::Native, &this_program).with_args([WORKER_COMMAND])
        } else if let Some(endpoint) = &agent.endpoint {
            let environment = Environment::standard().inherit(endpoint.key_env.clone());
            let program = AgentSpec::new(name, ProtocolKind::Native, &this_program);
            AgentSpec { environment, ..program.with_args(coder_arguments(endpoint, agent, memory)) }
        } else {
            configured(name, agent)
        };
        spec.limits.line_bytes_max = usize::try_from(config.limits.line_bytes.value).unwrap_or(usize::MAX);
        spec
    };
    Ok(config.agents.iter().map(|(name, agent)| spec((name, &agent.value))).collect())
}

fn coder_arguments(endpoint: &EndpointConfig, agent: &AgentConfig, memory: &Path) -> Vec<OsString> {
    let options = endpoint.arguments().into_iter().map(OsString::from);
    let model = agent.model.iter().flat_map(|model| ["--model".into(), model.into()]);
    let memory = ["--memory".into(), memory.into()];
    [WORKER_COMMAND.into()].into_iter().chain(options).chain(model).chain(memory).collect()
}

fn configured(name: &str, agent: &AgentConfig) -> AgentSpec {
    let protocol = match agent.protocol {
        Protocol::Native => ProtocolKind::Native,
        Protocol::Exec => ProtocolKind::Exec,
        Protocol::Claude => ProtocolKind::Claude,
        Protocol::Codex => ProtocolKind::Codex,
        Protocol::Acp => ProtocolKind::Acp,
    };
    let mut words = agent.command.iter();
    let program = words.next().map(PathBuf::from).unwrap_or_default();
    let inherited = Environment::standard().inherit(agent.pass_env.iter().cloned());
    let environment = agent.env.iter().fold(inherited, |environment, (name, value)| environment.set(name, value));
    AgentSpec { environment, mode: agent.mode.clone(), ..AgentSpec::new(name, protocol, program).with_args(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_gets_its_command_its_limits_and_only_its_own_variables() {
        let text = "[limits]\nline_bytes = 70000\n[agents.mine]\nprotocol = \"exec\"\ncommand = [\"my-agent\", \"--print\"]\n\
                    env = { MY_KEY = \"1\" }\npass_env = [\"PROXY\"]";
        let config = Config::parse(text, Path::new("config.toml"), &|_| None).expect("sound");
        let specs = agent_specs(&config, Path::new("/memory")).expect("a program");
        let named = |name: &str| specs.iter().find(|spec| spec.name == name).expect("it is there");
        let (builtin, mine) = (named("builtin"), named("mine"));
        assert_eq!((builtin.name.as_str(), builtin.args.as_slice()), ("builtin", &[OsString::from("worker")][..]));
        assert_eq!((mine.protocol, mine.program.as_path()), (ProtocolKind::Exec, Path::new("my-agent")));
        assert_eq!((mine.args.as_slice(), mine.limits.line_bytes_max), (&[OsString::from("--print")][..], 70_000));
        assert_eq!(mine.environment, Environment::standard().inherit(["PROXY"]).set("MY_KEY", "1"));
    }
}
