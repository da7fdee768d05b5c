//! Why an agent could not be started, in words that say what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why an agent could not be started. Nothing is running then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// No such program.
    #[error("program `{}` was not found in {searched}; install it, or give its full path as the agent's command", program.display())]
    ProgramNotFound {
        /// What was looked for.
        program: PathBuf,
        /// Where.
        searched: String,
    },
    /// The file is there, but cannot be run.
    #[error("`{}` is not an executable file; check the agent's command, or make it executable with `chmod +x`", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// A script whose first line names an interpreter that is not there.
    #[error("`{}` is a script for `{interpreter}`, which was not found; install it, or correct the script's first line", path.display())]
    InterpreterNotFound {
        /// The script.
        path: PathBuf,
        /// What its first line names.
        interpreter: String,
    },
    /// The folder to work in is not there, or no folder.
    #[error("working directory `{}` does not exist or is not a folder; restore it, or point the project elsewhere", path.display())]
    WorkingDirMissing {
        /// The folder.
        path: PathBuf,
    },
    /// The prompt, as an argument, is longer than the operating system allows.
    #[error(
        "the prompt is too long for an argument; take `{{prompt}}` out of the agent's command, so that it is sent on standard input"
    )]
    PromptTooLong,
    /// An argument or a value of the environment holds a NUL byte.
    #[error(
        "the prompt, an argument or an environment value of agent `{agent}` holds a NUL byte, which no program can be given; remove it"
    )]
    NulByte {
        /// The agent.
        agent: String,
    },
    /// Too many processes or open files.
    #[error("no room for another process; run fewer agents at once, or raise the limits (`ulimit -u`, `ulimit -n`)")]
    TooManyProcesses(#[source] io::Error),
    /// Anything else.
    #[error("starting `{}`", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}
