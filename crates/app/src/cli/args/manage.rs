//! Commands for what stands around sessions: projects, configuration, the installation.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::JsonFlag;

/// `switchboard project`
#[derive(Clone, Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct ProjectArgs {
    #[command(subcommand)]
    pub(crate) action: ProjectAction,
}

/// What to do with projects.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ProjectAction {
    /// Add a folder, or bring a removed one back
    Add(ProjectAddArgs),
    /// List projects
    Ls(ProjectListArgs),
    /// Take a project off the list; its sessions and its files stay
    Rm(ProjectRemoveArgs),
}

/// `switchboard project add`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ProjectAddArgs {
    /// The folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// What to call it; the folder's own name unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard project ls`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ProjectListArgs {
    /// Removed ones too
    #[arg(long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard project rm`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ProjectRemoveArgs {
    /// Its folder or its name
    pub(crate) project: String,
}

/// `switchboard rule`
#[derive(Clone, Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_long_help = "A rule is a tool's name, alone or with what it is about: `Read`, `Bash(cargo test*)`, `Edit(src/*)`.\n\
                       A `*` stands for any text without shell syntax and without `..`; everything else is literal."
)]
pub(crate) struct RuleArgs {
    #[command(subcommand)]
    pub(crate) action: RuleAction,
}

/// What to do with rules.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RuleAction {
    /// Allow a kind of tool call from now on, without asking
    Add(RuleChangeArgs),
    /// List the rules of a project
    Ls(RuleListArgs),
    /// Ask again
    Rm(RuleChangeArgs),
}

/// `switchboard rule add` and `switchboard rule rm`
#[derive(Clone, Debug, Args)]
pub(crate) struct RuleChangeArgs {
    /// The rule, such as `Bash(cargo test*)`
    #[arg(value_name = "RULE")]
    pub(crate) rule: switchboard_domain::Rule,

    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,
}

/// `switchboard rule ls`
#[derive(Clone, Debug, Args)]
pub(crate) struct RuleListArgs {
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,

    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard config`
#[derive(Clone, Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print every setting in force
    Show {
        /// Say of each value where it comes from: default, file and line, or environment
        #[arg(long)]
        origin: bool,

        #[command(flatten)]
        json: JsonFlag,
    },
}

/// `switchboard doctor`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) json: JsonFlag,
}

/// `switchboard completions`
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "Examples:
  switchboard completions bash > ~/.local/share/bash-completion/completions/switchboard
  switchboard completions zsh  > \"${fpath[1]}/_switchboard\"
  switchboard completions fish > ~/.config/fish/completions/switchboard.fish")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: Shell,
}

/// `switchboard man`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ManArgs {
    /// Write one page for each command into this folder instead
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
