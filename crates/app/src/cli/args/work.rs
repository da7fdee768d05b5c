//! Commands that set agents to work or change sessions.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::JsonFlag;
use crate::config::ApprovePolicy;

const RUN_EXAMPLES: &str = "Examples:
  switchboard run fix the failing test in parser.rs
  switchboard run --agent claude --project ~/src/site 'Add a dark mode'
  switchboard run --exec 'make test'
  switchboard run --parallel-file prompts.txt --jobs 4
  switchboard run --detach 'Upgrade the database driver'
  git diff | switchboard run --jsonl -";

/// `switchboard run`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = RUN_EXAMPLES, group = ArgGroup::new("what").args(["prompt", "parallel_file", "exec"]).required(true).multiple(true))]
pub(crate) struct RunArgs {
    /// What the agent shall do; `-` reads it from standard input
    #[arg(value_name = "PROMPT", num_args = 1.., conflicts_with = "parallel_file")]
    pub(crate) prompt: Vec<String>,

    /// Which agent: one of those that `switchboard agents` lists; the first installed one unless configured
    #[arg(short, long, value_name = "NAME")]
    pub(crate) agent: Option<String>,

    /// The folder it works in; the current one unless given
    #[arg(short, long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// The model, in the agent's own words
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// What to call the session; made from the prompt unless given
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// Run this command as the agent: it reads the prompt on standard input, what it prints is its answer
    #[arg(long, value_name = "COMMAND", conflicts_with = "agent")]
    pub(crate) exec: Option<String>,

    /// Run one session for each line of this file, all at once; `-` reads standard input. A line may begin with
    /// `--agent NAME` and `--model MODEL`, or be JSON: {"prompt": …, "agent": …, "project": …, "model": …, "title": …};
    /// `-- ` before a prompt says that it is neither
    #[arg(long, value_name = "FILE", conflicts_with = "title")]
    pub(crate) parallel_file: Option<PathBuf>,

    /// The most sessions of a parallel file that run at the same time
    #[arg(short, long, value_name = "N", requires = "parallel_file", conflicts_with = "prompt")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What to do when the agent asks for approval of a tool call
    #[arg(long, value_enum, value_name = "POLICY")]
    pub(crate) approve: Option<ApprovePolicy>,

    /// Print every change as one JSON line
    #[arg(long)]
    pub(crate) jsonl: bool,

    /// Hand it to the daemon and leave: prints the session's id once its prompt is on disk
    #[arg(short, long, conflicts_with_all = ["jsonl", "jobs"])]
    pub(crate) detach: bool,
}

/// `switchboard send`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "Examples:
  switchboard send last now write the tests
  switchboard send 099a8057 'and the changelog' --approve all")]
pub(crate) struct SendArgs {
    /// The session: `last`, or any part of its id that fits only one
    pub(crate) session: String,

    /// What to tell the agent; `-` reads it from standard input
    #[arg(required = true, num_args = 1..)]
    pub(crate) text: Vec<String>,

    /// What to do when the agent asks for approval of a tool call
    #[arg(long, value_enum, value_name = "POLICY")]
    pub(crate) approve: Option<ApprovePolicy>,

    /// Print every change as one JSON line
    #[arg(long)]
    pub(crate) jsonl: bool,
}

/// `switchboard rm`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RemoveArgs {
    /// The sessions: `last`, or any part of an id that fits only one
    #[arg(value_name = "SESSION", required = true)]
    pub(crate) sessions: Vec<String>,

    /// Do not ask first
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `switchboard queue`
#[derive(Clone, Debug, Args)]
#[command(
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions",
    disable_help_subcommand = true,
    after_help = "Examples:
  switchboard queue last                     what waits
  switchboard queue last add run the linter
  switchboard queue last edit 3f2a 'run the linter and fix what it finds'
  switchboard queue last cancel 3f2a"
)]
pub(crate) struct QueueArgs {
    /// The session: `last`, or any part of its id that fits only one
    pub(crate) session: String,

    #[command(flatten)]
    pub(crate) json: JsonFlag,

    /// What to do with its queue; lists it unless given
    #[command(subcommand)]
    pub(crate) action: Option<QueueAction>,
}

/// What to do with a queue.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum QueueAction {
    /// List what waits, next one first
    Ls,
    /// Add a message behind all others
    Add {
        /// The message; `-` reads it from standard input
        #[arg(required = true, num_args = 1..)]
        text: Vec<String>,
    },
    /// Change a message that still waits
    Edit {
        /// The message: any part of its id that fits only one
        id: String,
        /// The new text; `-` reads it from standard input
        #[arg(required = true, num_args = 1..)]
        text: Vec<String>,
    },
    /// Take a message back
    Cancel {
        /// The message: any part of its id that fits only one
        id: String,
    },
}

/// `switchboard demo`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DemoArgs {
    /// What to do when an agent asks for approval of a tool call
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = ApprovePolicy::All)]
    pub(crate) approve: ApprovePolicy,
}
