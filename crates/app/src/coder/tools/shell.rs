//! Runs a command.
//!
//! In a process group of its own, which is gone when the call is over, however it is over: nothing that a
//! command has started in the background outlives it, and an aborted call is killed. The command sees the agent's
//! environment without the endpoint's key.

mod capture;

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

use super::{ProjectFolder, ToolError};
use capture::Capture;

pub(super) const DESCRIPTION: &str = "Runs a shell command in the project folder and returns what it writes and how it ends. It has no input and no terminal, and nothing it starts goes on after it.";

/// How long a command may run unless the model gives it more.
const TIMEOUT_DEFAULT: Duration = Duration::from_mins(2);

/// No command runs longer than this.
const TIMEOUT_MAX: Duration = Duration::from_mins(30);

/// One read of what a command writes.
const READ_BYTES: usize = 16 << 10;

/// How long to wait for what a killed group has still in its pipes.
const DRAIN_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    command: CommandLine,
    #[serde(default)]
    timeout_seconds: Option<u64>,
}

/// Models are used to both forms.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CommandLine {
    /// For a shell.
    Text(String),
    /// A program and its arguments.
    Words(Vec<String>),
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command, for sh"},
            "timeout_seconds": {
                "type": "integer", "minimum": 1, "maximum": TIMEOUT_MAX.as_secs(),
                "description": "How long it may run; 120 if left out",
            },
        },
        "required": ["command"],
    })
}

pub(super) fn check(input: &Input) -> Result<(), ToolError> {
    words(input).map(drop)
}

pub(super) async fn run(
    input: Input,
    project: &ProjectFolder,
    key_variable: Option<&str>,
) -> Result<String, ToolError> {
    let limit = input.timeout_seconds.map_or(TIMEOUT_DEFAULT, Duration::from_secs).min(TIMEOUT_MAX);
    let mut running = Running::start(&words(&input)?, project.root(), key_variable)?;
    let mut capture = Capture::default();
    let ended = timeout(limit, running.watch(&mut capture)).await;
    // Before the rest is read: a command's children may hold its pipes open for ever.
    running.kill();
    let _whatever_was_left = timeout(DRAIN_MAX, running.drain(&mut capture)).await;
    let output = capture.into_text();
    match ended {
        Ok(Ok(status)) if status.success() => Ok(if output.is_empty() { "(no output)".to_owned() } else { output }),
        Ok(Ok(status)) => Err(ToolError::Failed(format!("{output}\n({status})"))),
        Ok(Err(error)) => Err(ToolError::Failed(format!("{output}\n(cannot wait for the command: {error})"))),
        Err(_) => Err(ToolError::Failed(format!("{output}\n(stopped after {} seconds)", limit.as_secs()))),
    }
}

fn words(input: &Input) -> Result<Vec<String>, ToolError> {
    let words = match &input.command {
        CommandLine::Text(line) if line.trim().is_empty() => Vec::new(),
        CommandLine::Text(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
        CommandLine::Words(words) => words.clone(),
    };
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Err(ToolError::Input("`command` is empty".to_owned())),
    }
}

/// A command and all it has started; killed when dropped.
struct Running {
    child: Child,
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    group: Option<Pid>,
}

impl Running {
    fn start(words: &[String], folder: &Path, key_variable: Option<&str>) -> Result<Self, ToolError> {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(folder).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(name) = key_variable {
            command.env_remove(name);
        }
        let child = command.spawn();
        let mut child = child.map_err(|error| ToolError::Failed(format!("cannot run `{}`: {error}", words[0])))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Ok(Self { out: child.stdout.take(), err: child.stderr.take(), child, group })
    }

    /// Reads until the command itself has ended.
    async fn watch(&mut self, capture: &mut Capture) -> io::Result<ExitStatus> {
        let Self { child, out, err, .. } = self;
        loop {
            tokio::select! {
                status = child.wait() => return status,
                bytes = read(out), if out.is_some() => capture.push(&bytes),
                bytes = read(err), if err.is_some() => capture.push(&bytes),
            }
        }
    }

    /// Reads what is left until nobody holds the pipes any more.
    async fn drain(&mut self, capture: &mut Capture) {
        let Self { out, err, .. } = self;
        while out.is_some() || err.is_some() {
            tokio::select! {
                bytes = read(out), if out.is_some() => capture.push(&bytes),
                bytes = read(err), if err.is_some() => capture.push(&bytes),
            }
        }
    }

    fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            // Usually nobody is left to be killed.
            let _is_gone = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads once from `pipe`, which becomes `None` at its end. Cancellation-safe.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(READ_BYTES);
    let count = match pipe {
        Some(reader) => reader.read_buf(&mut bytes).await,
        None => Ok(0),
    };
    // A pipe that cannot be read has ended, whatever the reason.
    if !matches!(count, Ok(count) if count > 0) {
        *pipe = None;
    }
    bytes
}
