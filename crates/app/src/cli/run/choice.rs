//! Which agent does what, decided before anything is started.

use std::path::{Path, PathBuf};

use super::assignment::Assignment;
use crate::cli::args::RunArgs;
use crate::cli::{ExitCode, Failure, project_command};
use crate::config::{BUILTIN_AGENT, Config, Origin, Sourced};
use crate::engine::AgentBook;
use crate::known_agents::KnownAgent;

/// How one assignment is carried out.
#[derive(Debug)]
pub(super) struct Choice {
    /// The agent's name.
    pub(super) agent: String,
    /// The model, if any was asked for.
    pub(super) model: Option<String>,
    /// The folder, by its one path.
    pub(super) folder: PathBuf,
    /// Whether nobody named the agent.
    pub(super) is_by_default: bool,
}

/// Decides for each assignment.
///
/// # Errors
/// When an agent or a folder is not there; the error names the line that asks for it.
pub(super) fn choose_all(assignments: &[Assignment], args: &RunArgs, config: &Config) -> Result<Vec<Choice>, Failure> {
    let choose = |assignment: &Assignment| {
        let choice = choose(assignment, args, config);
        choice.map_err(|failure| assignment.place.iter().fold(failure, |failure, place| failure.at(place)))
    };
    assignments.iter().map(choose).collect()
}

fn choose(assignment: &Assignment, args: &RunArgs, config: &Config) -> Result<Choice, Failure> {
    let folder = assignment.project.as_deref().or(args.project.as_deref());
    let folder = project_command::folder(folder.unwrap_or(Path::new(".")))?;
    let model = assignment.model.clone().or_else(|| args.model.clone());
    if let (Some(command), None) = (&args.exec, &assignment.agent) {
        return Ok(Choice { agent: AgentBook::shell_name(command), model, folder, is_by_default: false });
    }
    let named = assignment.agent.as_ref().or(args.agent.as_ref());
    let named = named.map(|name| Sourced::from_flag(name.clone(), "--agent"));
    let name = named.unwrap_or_else(|| config.defaults.agent.clone());
    let own_model = config.agent_named(&name)?.model.clone();
    must_be_installed(&name.value, config)?;
    let default_model = config.defaults.model.as_ref().map(|model| model.value.clone());
    Ok(Choice {
        model: model.or(own_model).or(default_model),
        folder,
        is_by_default: name.origin == Origin::Default,
        agent: name.value,
    })
}

/// A known agent that nobody has installed is no agent yet. What is configured is tried whatever it is: its
/// program may be found where the agent works.
fn must_be_installed(name: &str, config: &Config) -> Result<(), Failure> {
    let Some(known) = KnownAgent::named(name) else { return Ok(()) };
    let agent = &config.agents[name];
    let path = std::env::var_os("PATH").unwrap_or_default();
    if agent.origin != Origin::Default || agent.value.is_installed(&path) {
        return Ok(());
    }
    let program = known.program();
    let message = format!("{} is not installed: there is no program `{program}` in PATH", known.title);
    let hint = format!("install it with `{}`, then log in: {}", known.install, known.log_in);
    Err(Failure::new(ExitCode::NotFound, message).hint(hint))
}

/// What to say about an agent that nobody has named.
pub(super) fn remark(agent: &str) -> String {
    if agent == BUILTIN_AGENT {
        return "no coding agent was found, so the built-in one plays one; `switchboard agents` says how to get a real one"
            .to_owned();
    }
    let title = KnownAgent::named(agent).map_or_else(String::new, |known| format!(" ({})", known.title));
    format!("agent: {agent}{title}, the first one found; `--agent NAME` or `defaults.agent` chooses another")
}
