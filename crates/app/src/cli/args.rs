//! The command line: every command, option and help text.

mod life;
mod live;
mod manage;
mod read;
mod work;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use life::{ResumeArgs, ServeArgs, ServiceAction, ServiceArgs, StatusArgs, UpArgs};
pub(crate) use live::{AbortArgs, ApproveArgs, AttachArgs, LogsArgs, WaitArgs, WatchArgs};
pub(crate) use manage::{
    CompletionsArgs, ConfigAction, ConfigArgs, DoctorArgs, ManArgs, ProjectAction, ProjectAddArgs, ProjectArgs,
    ProjectListArgs, ProjectRemoveArgs, RuleAction, RuleArgs, RuleChangeArgs, RuleListArgs,
};
pub(crate) use read::{
    AgentsAction, AgentsArgs, AgentsCheckArgs, ExportArgs, ExportFormat, ListArgs, SearchArgs, ShowArgs,
};
pub(crate) use work::{DemoArgs, QueueAction, QueueArgs, RemoveArgs, RunArgs, SendArgs};

use super::ExitCode;
use crate::builtin::WorkerArgs;
use crate::coder::CoderArgs;
use crate::config::ApprovePolicy;

/// Runs many AI coding agents side by side and never loses a word.
#[derive(Debug, Parser)]
#[command(
    name = "switchboard",
    version,
    long_about = "Runs many AI coding agents side by side and never loses a word.\n\n\
        Each agent is a program of its own. What it says, and what you tell it, is saved before anything \
        else happens, so a crash or a power cut costs nothing that you were told is there.",
    after_help = "New here? `switchboard demo` needs nothing installed and takes ten seconds.",
    after_long_help = after_long_help(),
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct GlobalArgs {
    /// Keep configuration, database and logs all in this folder
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SWITCHBOARD_HOME",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub(crate) home: Option<PathBuf>,

    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true,
        help = "When to use colour: auto (heeds NO_COLOR and CLICOLOR), always or never",
        help_heading = "Global options"
    )]
    pub(crate) color: ColorWhen,

    /// Work without a daemon, in this process: for scripts and containers
    #[arg(
        long,
        global = true,
        env = "SWITCHBOARD_NO_DAEMON",
        hide_env_values = true,
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = "Global options"
    )]
    pub(crate) no_daemon: bool,

    /// Say more on standard error about what happens inside (twice for details)
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Always, even into a pipe
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give an agent a prompt and watch it work
    Run(RunArgs),
    /// Go on with a session: resumes one that ended or was interrupted
    Send(SendArgs),
    /// Be there while an agent works: read along, reply, answer its questions, leave without it noticing
    Attach(AttachArgs),
    /// See all sessions at a glance, live, with what needs you on top
    Watch(WatchArgs),
    /// Answer what agents ask: lists every question that waits
    Approve(ApproveArgs),
    /// Stop the agents of sessions
    Abort(AbortArgs),
    /// Wait until sessions are at rest; the exit code says how they ended
    Wait(WaitArgs),
    /// Go on with sessions that were interrupted, failed or aborted, in the daemon
    Resume(ResumeArgs),
    /// List sessions, newest first
    #[command(visible_alias = "list")]
    Ls(ListArgs),
    /// Print a session's transcript
    Show(ShowArgs),
    /// Find words in all transcripts
    Search(SearchArgs),
    /// Write a session's transcript to a file or standard output
    Export(ExportArgs),
    /// Delete sessions and all that belongs to them, for good
    Rm(RemoveArgs),
    /// List, add, edit and cancel messages that wait for a session's next turn
    Queue(QueueArgs),
    /// List, add and remove remembered answers: tool calls that need no question in a project
    Rule(RuleArgs),
    /// Add, list and remove the folders that agents work in
    Project(ProjectArgs),
    /// Start the daemon in the background, or replace one of another version
    Up(UpArgs),
    /// End the daemon: its agents are interrupted, everything is saved
    Down,
    /// Say whether the daemon runs, and how its sessions are
    Status(StatusArgs),
    /// Show what the daemon wrote down
    Logs(LogsArgs),
    /// Be the daemon, in the foreground
    Serve(ServeArgs),
    /// Let the system start the daemon: systemd or launchd
    Service(ServiceArgs),
    /// List the agents that can be run, and whether they are installed
    Agents(AgentsArgs),
    /// Look at the configuration in force
    Config(ConfigArgs),
    /// Check the database, the locks and the agent programs
    Doctor(DoctorArgs),
    /// Run eight built-in agents at once, to see how it looks
    Demo(DemoArgs),
    /// Be the built-in agent, on standard input and output; for programs, not for people
    Worker(WorkerCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// `switchboard worker`
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkerCommand {
    #[command(flatten)]
    pub(crate) script: WorkerArgs,

    #[command(flatten)]
    pub(crate) coder: CoderArgs,
}

/// Output for programs.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct JsonFlag {
    /// Print JSON in the shape that the manual documents
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done when an agent asks for approval of a tool call.
impl ValueEnum for ApprovePolicy {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self {
            Self::Ask => "ask on the terminal, one call at a time",
            Self::Edits => "allow changes to files, ask about everything else",
            Self::All => "allow every call",
            Self::None => "refuse every call",
        };
        Some(clap::builder::PossibleValue::new(self.as_str()).help(help))
    }
}

fn after_long_help() -> String {
    let codes = ExitCode::ALL.map(|code| format!("  {:>3}  {}", code.number(), code.meaning()));
    format!(
        "Exit codes:\n{}\n\n\
         Sessions are named by `last` or any part of their id that fits only one.\n\
         Files live in the XDG folders, or all in SWITCHBOARD_HOME when that is set.\n\n\
         New here? `switchboard demo` needs nothing installed and takes ten seconds.",
        codes.join("\n")
    )
}

#[cfg(test)]
mod tests;
