//! From the configuration of agents to what starts them.

use std::path::PathBuf;

use switchboard_sidecar::{AgentSpec, Environment, ProtocolKind};
use thiserror::Error;

use crate::config::{AgentConfig, BUILTIN_AGENT, Config, Protocol};

/// The command of this program that is the built-in agent.
const WORKER_COMMAND: &str = "worker";

/// This program does not know where it is, so it cannot start itself as the built-in agent.
#[derive(Debug, Error)]
#[error("cannot find the program of the built-in agent: {cause}")]
pub(crate) struct NoProgramError {
    #[source]
    cause: std::io::Error,
}

/// How to start each agent of the configuration.
///
/// # Errors
/// When the path of this program is unknown.
pub(crate) fn agent_specs(config: &Config) -> Result<Vec<AgentSpec>, NoProgramError> {
    let this_program = std::env::current_exe().map_err(|cause| NoProgramError { cause })?;
    let spec = |(name, agent): (&String, &AgentConfig)| {
        let mut spec = if name == BUILTIN_AGENT {
            AgentSpec::new(name, ProtocolKind::Native, &this_program).with_args([WORKER_COMMAND])
        } else {
            configured(name, agent)
        };
        spec.limits.line_bytes_max = usize::try_from(config.limits.line_bytes.value).unwrap_or(usize::MAX);
        spec
    };
    Ok(config.agents.iter().map(|(name, agent)| spec((name, &agent.value))).collect())
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
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;

    #[test]
    fn an_agent_gets_its_command_its_limits_and_only_its_own_variables() {
        let text = "[limits]\nline_bytes = 70000\n[agents.mine]\nprotocol = \"exec\"\ncommand = [\"my-agent\", \"--print\"]\n\
                    env = { MY_KEY = \"1\" }\npass_env = [\"PROXY\"]";
        let config = Config::parse(text, Path::new("config.toml"), &|_| None).expect("sound");
        let specs = agent_specs(&config).expect("a program");
        let [builtin, mine] = specs.as_slice() else { panic!("two agents") };
        assert_eq!((builtin.name.as_str(), builtin.args.as_slice()), ("builtin", &[OsString::from("worker")][..]));
        assert_eq!((mine.protocol, mine.program.as_path()), (ProtocolKind::Exec, Path::new("my-agent")));
        assert_eq!((mine.args.as_slice(), mine.limits.line_bytes_max), (&[OsString::from("--print")][..], 70_000));
        assert_eq!(mine.environment, Environment::standard().inherit(["PROXY"]).set("MY_KEY", "1"));
    }
}
