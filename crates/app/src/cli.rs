//! The command line: reads it, does what it says, and says how that went.

mod abort;
mod agents;
mod approve;
mod archive;
mod args;
mod attach;
mod catalog;
mod config_command;
mod doctor;
mod down;
mod exit_code;
mod export;
mod failure;
mod feed;
mod follow;
mod glance;
mod interrupted;
mod keyboard;
mod link;
mod list;
mod logs;
mod manual;
mod named;
mod narrator;
mod output;
mod project_command;
mod questions;
mod queue_command;
mod remove;
mod resume;
mod rule_command;
mod run;
mod screen;
mod search;
mod serve;
mod service;
mod show;
mod signals;
mod status;
mod transcript;
mod up;
mod views;
mod wait;
mod watch;

use std::future::Future;

use clap::Parser;
use switchboard_domain::Timestamp;

use crate::builtin::{self, Outcome};
use crate::coder;
use crate::logging;
use crate::setup::Setup;
use crate::terminal::Style;
use crate::tool_summary;
use archive::{Archive, owner};
pub(crate) use args::Cli;
use args::{
    ColorWhen, Command, ProjectAction, ProjectArgs, QueueAction, QueueArgs, RuleAction, RuleArgs, WorkerCommand,
};
pub(crate) use exit_code::ExitCode;
use failure::Failure;
use link::Link;
use output::Output;

/// Said while the disk takes its time at the end.
const SAVING: &str = "saving the rest …";

/// Runs the command line of this process and returns what the shell is to be told.
///
/// Prints to standard output what was asked for and to standard error everything else.
pub fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    choose_color(cli.global.color);
    match run(&cli) {
        Ok(code) => code.into(),
        Err(failure) => {
            report(&failure);
            failure.code().into()
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    let mut output = Output::standard();
    let output = &mut output;
    let global = &cli.global;
    match &cli.command {
        Command::Worker(args) => {
            return worker(args);
        }
        Command::Serve(args) => return serve::run(*args, global, output),
        Command::Completions(args) => manual::completions(*args, output)?,
        Command::Man(args) => manual::man(args, output)?,
        Command::Config(args) => config_command::run(args, &Setup::load(global.home.as_deref())?, output)?,
        Command::Service(args) => service::run(*args, &Setup::load(global.home.as_deref())?, output)?,
        other => {
            let setup = Setup { no_daemon: global.no_daemon, ..Setup::load(global.home.as_deref())? };
            logging::to_stderr(global.verbose);
            if let Some(kinds) = &setup.config.notify.terminal {
                output.ring_for(&kinds.value);
            }
            return block_on(command(other, &setup, output))?;
        }
    }
    Ok(ExitCode::Ok)
}

/// Is one of the agents in this program: a model's when there is an endpoint, the scripted one otherwise.
fn worker(command: &WorkerCommand) -> Result<ExitCode, Failure> {
    let failed = |error: std::io::Error| Failure::from_error(ExitCode::Failure, &error);
    let settings = coder::Settings::new(&command.coder, |name| std::env::var(name).ok());
    match settings.map_err(|error| Failure::from_error(ExitCode::Usage, &error))? {
        Some(settings) => coder::run(settings).map_err(failed)?,
        None => {
            if builtin::run(command.script).map_err(failed)? == Outcome::Crashed {
                return Ok(ExitCode::AgentFailed);
            }
        }
    }
    Ok(ExitCode::Ok)
}

/// The commands that touch the data folder.
async fn command(command: &Command, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(args) => return run::run(args, setup, output).await,
        Command::Send(args) => return run::send(args, setup, output).await,
        Command::Demo(args) => return run::demo(args, setup, output).await,
        Command::Attach(args) => return attach::run(args, setup, output).await,
        Command::Watch(args) => return watch::run(*args, setup, output).await,
        Command::Approve(args) => return approve::run(args, setup, output).await,
        Command::Abort(args) => return abort::run(args, setup, output).await,
        Command::Wait(args) => return wait::run(args, setup, output).await,
        Command::Logs(args) => return logs::run(args, setup, output).await,
        Command::Up(args) => return up::run(*args, setup, output).await,
        Command::Down => return down::run(setup, output).await,
        Command::Resume(args) => return resume::run(args, setup, output).await,
        Command::Status(args) => return status::run(*args, setup, output).await,
        Command::Doctor(args) => return doctor::run(*args, setup, output).await,
        Command::Agents(args) => return agents::run(args, setup, output).await,
        _ if changes(command) => change(command, setup, output).await?,
        _ => look(command, setup, output).await?,
    }
    Ok(ExitCode::Ok)
}

/// Whether a command changes something, and is over once that is done.
const fn changes(command: &Command) -> bool {
    match command {
        Command::Rm(_) => true,
        Command::Queue(args) => !matches!(args.action, None | Some(QueueAction::Ls)),
        Command::Project(args) => !matches!(args.action, ProjectAction::Ls(_)),
        Command::Rule(args) => !matches!(args.action, RuleAction::Ls(_)),
        _ => false,
    }
}

/// The commands that change something. The way to the engine is let go of however that went.
async fn change(command: &Command, setup: &Setup, output: &mut Output) -> Result<(), Failure> {
    let link = Link::open(setup).await?;
    let outcome = match command {
        Command::Rm(args) => remove::run(args, &link, output).await,
        Command::Queue(args @ QueueArgs { action: Some(action), .. }) => {
            queue_command::change(args, action, &link, output).await
        }
        Command::Project(ProjectArgs { action: ProjectAction::Add(args) }) => {
            project_command::add(args, &link, output).await
        }
        Command::Project(ProjectArgs { action: ProjectAction::Rm(args) }) => {
            project_command::rm(args, &link, output).await
        }
        Command::Rule(RuleArgs { action: RuleAction::Add(args) }) => rule_command::add(args, &link, output).await,
        Command::Rule(RuleArgs { action: RuleAction::Rm(args) }) => rule_command::rm(args, &link, output).await,
        _ => Ok(()),
    };
    let closed = link.close(output).await;
    outcome.and(closed.map(|_| ()))
}

/// The commands that only look.
async fn look(command: &Command, setup: &Setup, output: &mut Output) -> Result<(), Failure> {
    let archive = Archive::open(setup).await?;
    let catalog = archive.catalog().await?;
    match command {
        Command::Show(args) => show::run(args, &catalog, &archive, output).await?,
        Command::Search(args) => search::run(args, &catalog, &archive, now(), output).await?,
        Command::Export(args) => export::run(args, &catalog, &archive, output).await?,
        Command::Ls(args) => list::run(args, &catalog, now(), output)?,
        Command::Queue(args) => queue_command::ls(args, &catalog, now(), output)?,
        Command::Project(ProjectArgs { action: ProjectAction::Ls(args) }) => {
            project_command::ls(*args, &catalog, now(), output)?;
        }
        Command::Rule(RuleArgs { action: RuleAction::Ls(args) }) => rule_command::ls(args, &catalog, output)?,
        _ => {}
    }
    archive.close(output).await
}

fn now() -> Timestamp {
    chrono::Utc::now().into()
}

fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let cannot = |error| Failure::new(ExitCode::Failure, format!("cannot start the runtime: {error}"));
    Ok(runtime.map_err(cannot)?.block_on(future))
}

fn choose_color(when: ColorWhen) {
    match when {
        // The streams look at the terminal and the environment by themselves.
        ColorWhen::Auto => {}
        ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
        ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Says on standard error what went wrong and what to do next, in the form that clap uses too.
fn report(failure: &Failure) {
    if failure.is_closed_pipe() {
        return;
    }
    anstream::eprintln!("{} {}", Style::BAD.paint("error:"), failure.message());
    if let Some(next_step) = failure.next_step() {
        anstream::eprintln!("\n  {} {next_step}", Style::GOOD.paint("tip:"));
    }
}
