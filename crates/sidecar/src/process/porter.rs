//! Runs the errands of one agent.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio::task::{JoinSet, spawn_blocking};

use super::terminals::{Terminal, Terminals};
use crate::folder::{PathError, ProjectFolder};
use crate::protocol::{Done, Errand, ErrandId, Run, Undone};

/// Kept of a command's output unless the agent wants less: what a model could still read.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What an errand comes back with.
pub(super) type Outcome = Result<Done, Undone>;

/// Runs errands side by side; all that is under way ends with it.
#[derive(Debug)]
pub(super) struct Porter {
    folder: PathBuf,
    /// What commands see: as the agent itself, marks included.
    environment: Vec<(OsString, OsString)>,
    under_way: JoinSet<(ErrandId, Outcome)>,
    terminals: Terminals,
}

impl Porter {
    /// For an agent that works in `folder` and sees `environment`.
    pub(super) fn new(folder: PathBuf, environment: Vec<(OsString, OsString)>) -> Self {
        Self { folder, environment, under_way: JoinSet::new(), terminals: Terminals::default() }
    }

    /// Begins `errand`.
    pub(super) fn start(&mut self, id: ErrandId, errand: Errand) {
        match errand {
            Errand::ReadFile { path, first, lines_max } => {
                let folder = self.folder.clone();
                self.blocking(id, move || read(&folder, &path, first, lines_max));
            }
            Errand::WriteFile { path, text } => {
                let folder = self.folder.clone();
                self.blocking(id, move || write(&folder, &path, &text));
            }
            Errand::Run(run) => {
                let outcome = self.run(run);
                self.at_once(id, outcome);
            }
            Errand::Look(name) => {
                let outcome = self.terminals.find(&name).map(Terminal::output);
                self.at_once(id, outcome);
            }
            Errand::Release(name) => {
                let outcome = self.terminals.remove(&name).map(|terminal| terminal.output());
                self.at_once(id, outcome);
            }
            Errand::Wait(name) => match self.terminals.find(&name).map(Terminal::end) {
                Ok(end) => drop(self.under_way.spawn(async move { (id, Ok(Done::Ended(end.await))) })),
                Err(undone) => self.at_once(id, Err(undone)),
            },
            Errand::Kill(name) => match self.terminals.find(&name).map(Terminal::kill) {
                Ok(killed) => drop(self.under_way.spawn(async move { (id, Ok(killed.await)) })),
                Err(undone) => self.at_once(id, Err(undone)),
            },
        }
    }

    /// The next errand that is done. Never resolves while none is under way. Cancellation-safe.
    pub(super) async fn next(&mut self) -> (ErrandId, Outcome) {
        loop {
            match self.under_way.join_next().await {
                Some(Ok(done)) => return done,
                // Errands do not panic and nobody cancels them; the agent would wait for this one for ever.
                Some(Err(error)) => tracing::error!(%error, "an errand of an agent broke off"),
                None => std::future::pending().await,
            }
        }
    }

    fn blocking(&mut self, id: ErrandId, work: impl FnOnce() -> Outcome + Send + 'static) {
        self.under_way.spawn(async move {
            let outcome = spawn_blocking(work).await;
            (id, outcome.unwrap_or_else(|error| Err(Undone::Failed(error.to_string()))))
        });
    }

    fn at_once(&mut self, id: ErrandId, outcome: Outcome) {
        self.under_way.spawn(async move { (id, outcome) });
    }

    fn run(&mut self, run: Run) -> Outcome {
        let mut command = if run.args.is_empty() {
            let mut shell = Command::new("/bin/sh");
            // In one pipe what it writes stays in order.
            shell.arg("-c").arg(format!("exec 2>&1\n{}", run.command));
            shell
        } else {
            let mut program = Command::new(&run.command);
            program.args(&run.args);
            program
        };
        command.current_dir(run.folder.as_ref().unwrap_or(&self.folder)).env_clear();
        // Ours last: by them a command is found and ended with its agent, however it hides.
        command.envs(run.variables).envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let wanted =
            run.output_bytes_max.map_or(OUTPUT_BYTES_MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let name = self.terminals.start(command, wanted.min(OUTPUT_BYTES_MAX))?;
        Ok(Done::Started(name))
    }
}

fn read(folder: &Path, path: &str, first: Option<u32>, lines_max: Option<u32>) -> Outcome {
    let text = ProjectFolder::open(folder).and_then(|folder| folder.text(path)).map_err(|error| undone(&error))?;
    if first.is_none() && lines_max.is_none() {
        return Ok(Done::Text(text));
    }
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let skipped = first.map_or(0, |first| size(first).saturating_sub(1));
    let lines = text.split_inclusive('\n').skip(skipped);
    Ok(Done::Text(lines.take(lines_max.map_or(usize::MAX, size)).collect()))
}

fn write(folder: &Path, path: &str, text: &str) -> Outcome {
    let written = ProjectFolder::open(folder).and_then(|folder| folder.replace(path, text));
    written.map(|_existed| Done::Plainly).map_err(|error| undone(&error))
}

fn undone(error: &PathError) -> Undone {
    match error {
        PathError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => Undone::Missing(error.to_string()),
        _ => Undone::Failed(error.to_string()),
    }
}
