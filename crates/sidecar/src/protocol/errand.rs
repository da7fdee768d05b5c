//! What an agent wants done on our side of the line: files read and written, commands run.
//!
//! An adapter only names an errand; whoever owns the adapter runs it and says what came of it.

use std::path::PathBuf;

use crate::ExitStatus;

/// Stands for one errand until it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ErrandId(pub(crate) u64);

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Reads a text file of the project.
    ReadFile {
        path: String,
        /// The first line, counted from 1; the first of all when none is named.
        first: Option<u32>,
        /// The most lines.
        lines_max: Option<u32>,
    },
    /// Creates a file of the project or replaces all of it.
    WriteFile { path: String, text: String },
    /// Starts a command, which goes on by itself.
    Run(Run),
    /// Shows what the command of this name has written so far.
    Look(String),
    /// Waits for the end of a command.
    Wait(String),
    /// Ends a command; it can still be looked at.
    Kill(String),
    /// Ends a command and forgets it.
    Release(String),
}

/// A command to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// A program, or a line of shell when there are no arguments.
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// Variables on top of the agent's own.
    pub(crate) variables: Vec<(String, String)>,
    /// Where it runs; the project's folder unless it is named.
    pub(crate) folder: Option<PathBuf>,
    /// How much of the end of its output is kept.
    pub(crate) output_bytes_max: Option<u64>,
}

/// What came of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It is done, and there is nothing more to say.
    Plainly,
    /// The text that was read.
    Text(String),
    /// The name of the command that was started.
    Started(String),
    /// What a command has written.
    Output { text: String, is_cut: bool, exit: Option<ExitStatus> },
    /// How a command ended.
    Ended(ExitStatus),
}

/// Why an errand was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// There is no such file or command.
    Missing(String),
    /// Anything else, in words.
    Failed(String),
}
