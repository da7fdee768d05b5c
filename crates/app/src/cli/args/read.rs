//! Commands that only look.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
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
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct AgentsArgs {
    #[command(flatten)]
    pub(crate) json: JsonFlag,
}
