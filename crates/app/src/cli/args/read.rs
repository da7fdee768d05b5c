//! Commands that only look.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use switchboard_domain::SessionStatus;

use super::JsonFlag;

/// `switchboard ls`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// Only sessions in this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Only sessions that stand so: running, completed, failed, aborted or interrupted
    #[arg(short, long, value_name = "STATUS")]
    pub(crate) status: Option<SessionStatus>,

    /// Only sessions of this agent
    #[arg(short, long, value_name = "NAME")]
    pub(crate) agent: Option<String>,

    /// At most this many; all of them with `--json` or into a pipe unless given
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU32>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard show`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ShowArgs {
    /// The session: `last`, or any part of its id that fits only one
    pub(crate) session: String,

    /// Stay, and show what comes until the session's turn ends
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) follow: bool,

    /// Only the newest messages, this many
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU32>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard search`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SearchArgs {
    /// Words that must all occur; every character counts as it is
    #[arg(required = true, num_args = 1..)]
    pub(crate) words: Vec<String>,

    /// Only in sessions of this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Only in this session
    #[arg(short, long)]
    pub(crate) session: Option<String>,

    /// Best match first, instead of newest first
    #[arg(long)]
    pub(crate) best: bool,

    /// At most this many hits
    #[arg(short = 'n', long, value_name = "N", default_value = "20")]
    pub(crate) limit: Option<NonZeroU32>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard export`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ExportArgs {
    /// The session: `last`, or any part of its id that fits only one
    pub(crate) session: String,

    /// How to write it
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: ExportFormat,

    /// Where to write it; never replaces a file that is there. Standard output unless given
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How to write a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Markdown, for people
    #[default]
    Md,
    /// JSON, for programs: the shape of `show --json`
    Json,
}

/// `switchboard agents`
#[derive(Clone, Debug, Default, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions"
)]
pub(crate) struct AgentsArgs {
    #[command(flatten)]
    pub(crate) json: JsonFlag,

    /// What to do; lists them unless given
    #[command(subcommand)]
    pub(crate) action: Option<AgentsAction>,
}

/// What to do with agents.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AgentsAction {
    /// Start agents without giving them anything to do, and say what they can do or what is wrong
    Check(AgentsCheckArgs),
}

/// `switchboard agents check`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AgentsCheckArgs {
    /// Which ones; all that are installed unless given
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// How long each of them may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}
