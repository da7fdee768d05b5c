//! Commands for the daemon's life.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

use super::JsonFlag;
use crate::config::ApprovePolicy;

/// `switchboard serve`
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(
    after_long_help = "SIGTERM and SIGINT end it: agents are interrupted, everything is saved. A second one leaves at once.\n\
                       SIGHUP reads the configuration again and begins a new log file."
)]
pub(crate) struct ServeArgs {
    /// Listen on this loopback address too, such as 127.0.0.1:4000; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// Leave the terminal, and say on standard output whether it is ready: how this program starts itself
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

/// `switchboard up`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct UpArgs {
    /// Listen on this loopback address too, such as 127.0.0.1:4000; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,

    /// End the one that runs first, also when it is of this version: its agents are interrupted
    #[arg(long)]
    pub(crate) restart: bool,
}

/// `switchboard status`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard resume`
#[derive(Clone, Debug, Default, Args)]
#[command(
    after_long_help = "An agent that had not answered its last prompt at all is told it again; one that had is told `continue`.\n\
                       Agents take up their own conversation where they can."
)]
pub(crate) struct ResumeArgs {
    /// Which: `last`, or any part of an id that fits only one
    #[arg(value_name = "SESSION", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) sessions: Vec<String>,

    /// All that are interrupted
    #[arg(long)]
    pub(crate) all: bool,

    /// Tell them this instead
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,

    /// What is done when an agent asks for approval
    #[arg(long, value_enum, value_name = "POLICY")]
    pub(crate) approve: Option<ApprovePolicy>,
}

/// `switchboard service`
#[derive(Clone, Copy, Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct ServiceArgs {
    #[command(subcommand)]
    pub(crate) action: ServiceAction,
}

/// What to do with the service.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ServiceAction {
    /// Write the file that lets systemd or launchd run the daemon, and say what to do next
    Install(ServiceInstallArgs),
}

/// `switchboard service install`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ServiceInstallArgs {
    /// Print the file instead of writing it
    #[arg(long)]
    pub(crate) print: bool,
}
