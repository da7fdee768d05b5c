//! Commands for sessions that are under way.

use std::num::NonZeroU32;

use clap::Args;

use super::JsonFlag;

/// `switchboard attach`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "What is typed goes to the agent. /approve and /deny answer its questions, /abort stops it, \
                        Ctrl-D leaves and lets it go on.")]
pub(crate) struct AttachArgs {
    /// The session: `last`, or any part of its id that fits only one
    pub(crate) session: String,
}

/// `switchboard watch`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct WatchArgs {
    /// Print the sessions as they are now, and end
    #[arg(long)]
    pub(crate) once: bool,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard approve`
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "Examples:
  switchboard approve                    every question, one after the other
  switchboard approve 099a8057           the questions of one session
  switchboard approve 099a8057-3f2c1a    yes to exactly this one, without another look
  switchboard approve 099a8057 --deny    no to all that it asks")]
pub(crate) struct ApproveArgs {
    /// A question, as the list calls it, or a session; lists all that wait, and asks, unless given
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,

    /// Say no instead of yes
    #[arg(long, requires = "id")]
    pub(crate) deny: bool,

    /// Say yes to all further questions of this session too, while the daemon runs
    #[arg(long, requires = "id", conflicts_with = "deny")]
    pub(crate) always: bool,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard abort`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AbortArgs {
    /// The sessions: `last`, or any part of an id that fits only one
    #[arg(value_name = "SESSION", required = true)]
    pub(crate) sessions: Vec<String>,
}

/// `switchboard wait`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WaitArgs {
    /// The sessions: `last`, or any part of an id that fits only one
    #[arg(value_name = "SESSION", required = true)]
    pub(crate) sessions: Vec<String>,

    /// Until one of them is at rest, instead of all
    #[arg(long)]
    pub(crate) any: bool,

    /// No longer than this; then the exit code is 124
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<f64>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard logs`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LogsArgs {
    /// Only what concerns this session
    pub(crate) session: Option<String>,

    /// Stay, and show what comes
    #[arg(short, long)]
    pub(crate) follow: bool,

    /// At most this many lines, the newest ones; 100 unless given
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU32>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// A year: whoever waits longer wants no timeout.
const SECONDS_MAX: f64 = 31_536_000.0;

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds));
    seconds.ok_or_else(|| format!("a number of seconds from 0 to {SECONDS_MAX}"))
}
