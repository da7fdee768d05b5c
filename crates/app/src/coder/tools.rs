//! What the model may use, one tool a file.
//!
//! Each tool has a name, a description and a schema for the model, and runs on a project with the input that the
//! model gave. What it returns is for the model alone, and bounded; so is what goes wrong.

mod edit;
mod list;
mod output;
mod read;
mod search;
mod shell;
mod write;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use switchboard_sidecar::folder::{PathError, ProjectFolder};
use thiserror::Error;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// Shows a file.
    Read,
    /// Creates or replaces a file.
    Write,
    /// Replaces a piece of a file.
    Edit,
    /// Shows what is in a folder.
    List,
    /// Finds text in files.
    Search,
    /// Runs a command.
    Shell,
}

/// What goes wrong with a tool, in words for the model.
#[derive(Debug, Error)]
pub(super) enum ToolError {
    /// The input is not what the schema says.
    #[error("the input is wrong: {0}")]
    Input(String),
    /// A path cannot be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl Tool {
    /// All of them, in the order in which the model sees them.
    pub(super) const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Edit, Self::List, Self::Search, Self::Shell];

    /// What the model calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Edit => "edit",
            Self::List => "list",
            Self::Search => "search",
            Self::Shell => "shell",
        }
    }

    /// The tool that the model calls `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether it must be allowed each time: whatever does more than look.
    pub(super) const fn needs_approval(self) -> bool {
        match self {
            Self::Read | Self::List | Self::Search => false,
            Self::Write | Self::Edit | Self::Shell => true,
        }
    }

    /// What the model is told about it.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Read => read::DESCRIPTION,
            Self::Write => write::DESCRIPTION,
            Self::Edit => edit::DESCRIPTION,
            Self::List => list::DESCRIPTION,
            Self::Search => search::DESCRIPTION,
            Self::Shell => shell::DESCRIPTION,
        }
    }

    /// The JSON schema of its input.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Read => read::schema(),
            Self::Write => write::schema(),
            Self::Edit => edit::schema(),
            Self::List => list::schema(),
            Self::Search => search::schema(),
            Self::Shell => shell::schema(),
        }
    }

    /// Whether `input` could be run at all: nobody is to be asked for what would be refused anyway.
    ///
    /// # Errors
    /// As [`Self::run`], as far as it is known beforehand.
    pub(super) fn check(self, input: &Map<String, Value>, project: &ProjectFolder) -> Result<(), ToolError> {
        match self {
            Self::Read => parse::<read::Input>(input).map(drop),
            Self::Write => write::check(&parse(input)?, project),
            Self::Edit => edit::check(&parse(input)?, project),
            Self::List => parse::<list::Input>(input).map(drop),
            Self::Search => parse::<search::Input>(input).map(drop),
            Self::Shell => shell::check(&parse(input)?),
        }
    }

    /// Runs it and returns what the model is told. A command does not see the variable named last.
    ///
    /// # Errors
    /// In words for the model, which may try otherwise.
    ///
    /// # Cancellation
    /// A command is killed with all it has started. A file is written whole or not at all.
    pub(super) async fn run(
        self,
        input: Map<String, Value>,
        project: &ProjectFolder,
        key_variable: Option<&str>,
    ) -> Result<String, ToolError> {
        let project = project.clone();
        match self {
            Self::Read => aside(move || read::run(&parse(&input)?, &project)).await,
            Self::Write => aside(move || write::run(&parse(&input)?, &project)).await,
            Self::Edit => aside(move || edit::run(&parse(&input)?, &project)).await,
            Self::List => aside(move || list::run(&parse(&input)?, &project)).await,
            Self::Search => search::run(parse(&input)?, project).await,
            Self::Shell => shell::run(parse(&input)?, &project, key_variable).await,
        }
    }
}

/// Runs what waits for the disk where nobody waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ToolError> + Send + 'static,
) -> Result<T, ToolError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ToolError::Failed(format!("the tool broke: {error}"))))
}

fn parse<T: DeserializeOwned>(input: &Map<String, Value>) -> Result<T, ToolError> {
    T::deserialize(Value::Object(input.clone())).map_err(|error| ToolError::Input(error.to_string()))
}

#[cfg(test)]
mod tests;
