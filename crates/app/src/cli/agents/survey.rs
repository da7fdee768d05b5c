//! Looking at what is installed, without starting anything.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::views::AgentView;
use crate::config::{AgentConfig, BUILTIN_AGENT, Config, Origin, Sourced};
use crate::known_agents::{KNOWN_AGENTS, KnownAgent};
use crate::programs;

/// Whether an agent can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Its program is there.
    Installed,
    /// It is configured, and its program is not there.
    NotFound,
    /// It is one of the known ones, and its program is not there.
    NotInstalled,
}

/// Every agent of the configuration, with its program as far as it is found in `path`: the default one first,
/// those that can be run before the others.
pub(in crate::cli) fn survey(config: &Config, path: &OsStr) -> Vec<AgentView> {
    let mut views: Vec<AgentView> = config.agents.iter().map(|(name, agent)| view(name, agent, config, path)).collect();
    views.sort_by_cached_key(|view| (!view.is_default, view.state as u8, place(&view.name), view.name.clone()));
    views
}

fn view(name: &str, agent: &Sourced<AgentConfig>, config: &Config, path: &OsStr) -> AgentView {
    let program = program(&agent.value, path);
    let is_preset = agent.origin == Origin::Default;
    let known = KnownAgent::named(name).filter(|_| is_preset).or_else(|| KnownAgent::of(&agent.value));
    let state = match (&program, is_preset) {
        (Some(_), _) => State::Installed,
        (None, false) => State::NotFound,
        (None, true) => State::NotInstalled,
    };
    AgentView {
        name: name.to_owned(),
        title: known.map(|known| known.title),
        state,
        version: None,
        protocol: agent.value.protocol.as_str(),
        command: agent.value.command.clone(),
        model: agent.value.model.clone(),
        program,
        is_default: *name == config.defaults.agent.value,
        install: known.map(|known| known.install),
        log_in: known.map(|known| known.log_in),
        origin: serde_json::to_value(&agent.origin).unwrap_or_default(),
    }
}

fn program(agent: &AgentConfig, path: &OsStr) -> Option<PathBuf> {
    match agent.command.first() {
        Some(program) => programs::find(Path::new(program), path),
        None => std::env::current_exe().ok(),
    }
}

/// Known agents in their order, then the user's own, and the built-in one last.
fn place(name: &str) -> usize {
    let known = KNOWN_AGENTS.iter().position(|known| known.name == name);
    known.unwrap_or(if name == BUILTIN_AGENT { usize::MAX } else { KNOWN_AGENTS.len() })
}
