//! The port behind which agents are started, and what it needs to know.

mod environment;
mod error;
mod program;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use switchboard_domain::{AgentSessionId, Cost, SessionId};

pub use environment::{Environment, STANDARD_NAMES};
pub use error::LaunchError;
pub(crate) use program::{diagnose, resolve};

use crate::AgentLine;

/// Where this stands in an argument of an [`ProtocolKind::Exec`] agent, the prompt is put.
pub const PROMPT_PLACEHOLDER: &str = "{prompt}";

/// Tells every process of an agent, however deep, for which session it works.
pub(crate) const SESSION_VARIABLE: &str = "SWITCHBOARD_SESSION";

/// Holds a word that no other launch has, by which an agent's processes are found wherever they hide.
pub(crate) const LAUNCH_VARIABLE: &str = "SWITCHBOARD_LAUNCH";

/// What stands in the environment of every process that works for `session`.
pub(crate) fn session_mark(session: SessionId) -> String {
    format!("{SESSION_VARIABLE}={session}")
}

/// Starts agents. The port; [`ProcessLauncher`](crate::ProcessLauncher) is the adapter that makes processes.
#[async_trait]
pub trait AgentLauncher: Send + Sync {
    /// Starts `agent` for `session`. The line is ready for its first command.
    ///
    /// # Errors
    /// See [`LaunchError`]; nothing is running then.
    async fn launch(&self, agent: &AgentSpec, session: LaunchSession) -> Result<AgentLine, LaunchError>;
}

/// What an agent speaks on its standard input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolKind {
    /// Switchboard's own JSON lines; see [`wire`](crate::wire).
    Native,
    /// Any command: the prompt goes in, text comes out, and one process serves one turn.
    Exec,
    /// Claude Code's stream-json. The arguments that ask for it are added to the configured ones.
    Claude,
    /// Codex's app-server. The argument that asks for it is added to the configured ones.
    Codex,
    /// The Agent Client Protocol, version 1.
    Acp,
}

impl ProtocolKind {
    /// Every protocol there is.
    pub const ALL: [Self; 5] = [Self::Native, Self::Exec, Self::Claude, Self::Codex, Self::Acp];

    /// The name used in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Exec => "exec",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Acp => "acp",
        }
    }
}

/// How an agent is run.
#[derive(Clone)]
pub struct AgentSpec {
    /// Its name in the configuration, for messages.
    pub name: String,
    /// What it speaks.
    pub protocol: ProtocolKind,
    /// The program: a name to look up in the agent's `PATH`, or a path. A relative path starts at the
    /// session's working directory.
    pub program: PathBuf,
    /// Its arguments. For [`ProtocolKind::Exec`] every [`PROMPT_PLACEHOLDER`] in them becomes the prompt.
    pub args: Vec<OsString>,
    /// The mode its sessions shall be in, by the agent's own name of it (`plan`, `read-only` …), for agents that
    /// offer a choice of modes. A session that cannot have it is not started.
    pub mode: Option<String>,
    /// Its environment.
    pub environment: Environment,
    /// Its bounds.
    pub limits: Limits,
}

impl AgentSpec {
    /// An agent without arguments, with the standard environment and limits.
    pub fn new(name: impl Into<String>, protocol: ProtocolKind, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            protocol,
            program: program.into(),
            args: Vec::new(),
            mode: None,
            environment: Environment::standard(),
            limits: Limits::default(),
        }
    }

    /// An [`ProtocolKind::Exec`] agent that runs a line of shell.
    ///
    /// A [`PROMPT_PLACEHOLDER`] in it becomes `"$1"`, with the prompt as that argument: whatever is in a
    /// prompt, the shell never reads it as code. So write it where a word may stand, outside of quotes.
    pub fn shell(name: impl Into<String>, command: &str) -> Self {
        let script = command.replace(PROMPT_PLACEHOLDER, "\"$1\"");
        let mut args = vec!["-c".to_owned(), script.clone(), "sh".to_owned()];
        if script != command {
            args.push(PROMPT_PLACEHOLDER.to_owned());
        }
        Self::new(name, ProtocolKind::Exec, "/bin/sh").with_args(args)
    }

    /// The same agent with `args`.
    #[must_use]
    pub fn with_args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }
}

/// Shows neither arguments nor values of the environment: both may hold secrets.
impl fmt::Debug for AgentSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentSpec")
            .field("name", &self.name)
            .field("protocol", &self.protocol)
            .field("program", &self.program)
            .field("args", &format_args!("[{} hidden]", self.args.len()))
            .field("mode", &self.mode)
            .field("environment", &self.environment)
            .field("limits", &self.limits)
            .finish()
    }
}

/// The session an agent is started for.
#[derive(Clone, Debug)]
pub struct LaunchSession {
    /// Its identity; what the agent says about any other is a fault.
    pub session_id: SessionId,
    /// Where the agent works. Must exist.
    pub working_dir: PathBuf,
    /// The prompt of the first command to come, for agents that take it as an argument.
    pub prompt: String,
    /// The model, when one was chosen. This and what follows is for agents that take it as arguments; the
    /// first command says the same.
    pub model: Option<String>,
    /// The agent's own conversation to go on with.
    pub resume: Option<AgentSessionId>,
    /// The most the conversation may cost, when there is a limit.
    pub max_budget: Option<Cost>,
}

impl LaunchSession {
    /// The first process of session `session_id`, in `working_dir`, without a choice of model and without a budget.
    pub fn new(session_id: SessionId, working_dir: impl Into<PathBuf>) -> Self {
        let working_dir = working_dir.into();
        Self { session_id, working_dir, prompt: String::new(), model: None, resume: None, max_budget: None }
    }
}

/// The bounds of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line of output that is read; a longer one is skipped, with a fault. 16 MiB: agents put
    /// whole files and base64 pictures into one line.
    pub line_bytes_max: usize,
    /// How much of the end of stderr is kept: 64 KiB, some hundred lines.
    pub stderr_bytes_max: usize,
    /// How long a message made of plain text gets before the next one begins: 1 MiB, what a person could
    /// still scroll through.
    pub message_bytes_max: usize,
    /// How many events wait in the line before the agent has to: 1024, ten milliseconds of a flood.
    pub events_max: usize,
    /// How long a command may wait for a deaf agent: 5 s.
    pub send_timeout: Duration,
    /// How long the first command may wait until the agent is ready for it: three minutes. Some load hundreds of megabytes
    /// of code first, and ten of them at once share the machine.
    pub start_timeout: Duration,
    /// How long output may still come from processes that outlive the agent itself (`cmd | tee`), before
    /// they are ended: 1 s.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 20,
            stderr_bytes_max: 64 << 10,
            message_bytes_max: 1 << 20,
            events_max: 1024,
            send_timeout: Duration::from_secs(5),
            start_timeout: Duration::from_mins(3),
            linger: Duration::from_secs(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let mut agent = AgentSpec::new("a", ProtocolKind::Native, "agent").with_args(["--key=hunter2"]);
        agent.environment = Environment::standard().set("API_KEY", "hunter2");
        let shown = format!("{agent:?}");
        assert!(shown.contains("API_KEY") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_prompt_is_an_argument_of_the_shell_and_never_its_code() {
        let agent = AgentSpec::shell("a", "ask {prompt} | tee log");
        assert_eq!(agent.args, ["-c", "ask \"$1\" | tee log", "sh", PROMPT_PLACEHOLDER].map(OsString::from));
        let plain = AgentSpec::shell("a", "cat");
        assert_eq!(plain.args, ["-c", "cat", "sh"].map(OsString::from));
    }
}
