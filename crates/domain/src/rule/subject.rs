//! What a tool call is about: the text that the pattern of a rule is held against.

use std::path::{Component, Path};

use serde_json::Value;

use super::{paths, shell};
use crate::ApprovalRequest;

/// Fields that hold a command: a line of shell, or a list of words.
const COMMAND_FIELDS: [&str; 2] = ["command", "cmd"];

/// Fields that say in which folder a command runs.
const FOLDER_FIELDS: [&str; 4] = ["cwd", "workdir", "working_directory", "workingDirectory"];

/// Fields that hold what else a call can be about.
const TEXT_FIELDS: [&str; 2] = ["url", "pattern"];

/// What a tool call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A command: as the agent gives it, and taken out of the shell it is wrapped into, if it is.
    Command {
        /// As it is given.
        whole: String,
        /// What the shell is told to do.
        script: Option<String>,
    },
    /// Files, relative to the project where they are in it.
    Files(Vec<String>),
    /// An address or something to look for.
    Text(String),
}

impl Subject {
    /// What `request` is about; `None` when that is not known for sure.
    pub(super) fn of(request: &ApprovalRequest, project: &Path) -> Option<Self> {
        let field = |names: &[&str]| names.iter().find_map(|name| request.input.get(*name));
        if let Some(command) = field(&COMMAND_FIELDS) {
            let stays = FOLDER_FIELDS.iter().filter_map(|name| request.input.get(*name)).all(|it| is_in(it, project));
            return Self::command(command).filter(|_| stays);
        }
        let files = paths::named_paths(&request.input)?;
        if files.is_empty() {
            return Some(Self::Text(field(&TEXT_FIELDS)?.as_str()?.to_owned()));
        }
        Some(Self::Files(files.into_iter().map(|file| relative(file, project).to_owned()).collect()))
    }

    fn command(command: &Value) -> Option<Self> {
        let (whole, words) = match command {
            Value::String(line) => (line.clone(), shell::words(line).unwrap_or_default()),
            Value::Array(words) => {
                let words: Vec<&str> = words.iter().map(Value::as_str).collect::<Option<_>>()?;
                (shell::join(&words), words.into_iter().map(str::to_owned).collect())
            }
            _ => return None,
        };
        Some(Self::Command { whole, script: shell::script(&words).map(str::to_owned) })
    }

    /// Whether all that the call is about is covered: each file, the command in one of its forms.
    pub(super) fn is_covered(&self, covers: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Command { whole, script } => covers(whole) || script.as_deref().is_some_and(&covers),
            Self::Files(files) => files.iter().all(|file| covers(file)),
            Self::Text(text) => covers(text),
        }
    }
}

fn is_in(folder: &Value, project: &Path) -> bool {
    let climbs = |path: &Path| path.components().any(|component| component == Component::ParentDir);
    let is_in = |path: &Path| !climbs(path) && (path.is_relative() || path.starts_with(project));
    folder.is_null() || folder.as_str().is_some_and(|folder| is_in(Path::new(folder)))
}

fn relative<'a>(file: &'a str, project: &Path) -> &'a str {
    Path::new(file).strip_prefix(project).ok().and_then(Path::to_str).unwrap_or(file)
}
