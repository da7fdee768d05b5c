//! The command line: reads it, does what it says, and says how that went.

mod agents;
mod args;
mod catalog;
mod config_command;
mod doctor;
mod down;
mod exit_code;
mod export;
mod failure;
mod glance;
mod interrupted;
mod list;
mod manual;
mod narrator;
mod output;
mod project_command;
mod questions;
mod queue_command;
mod remove;
mod rule_command;
mod run;
mod search;
mod serve;
mod service;
mod show;
mod signals;
mod status;
mod transcript;
mod up;
mod views;

use std::future::Future;
use std::path::Path;

use clap::Parser;
use switchboard_domain::Timestamp;
use switchboard_persistence::{DataFolder, SqliteReader};
use switchboard_store::Persistence as _;

use crate::builtin::{self, Outcome};
use crate::coder;
use crate::logging;
use crate::setup::Setup;
use crate::terminal::Style;
use crate::tool_summary;
use crate::workplace::Workplace;
pub(crate) use args::Cli;
use args::{
    ColorWhen, Command, ExportArgs, ProjectAction, ProjectArgs, QueueAction, QueueArgs, RuleAction, RuleArgs, ShowArgs,
    WorkerCommand,
};
use catalog::{Catalog, Owner};
pub(crate) use exit_code::ExitCode;
use failure::Failure;
use output::Output;
use show::Disk;

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
            let setup = Setup::load(global.home.as_deref())?;
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
        Command::Up(args) => return up::run(*args, setup, output).await,
        Command::Down => return down::run(setup, output).await,
        Command::Status(args) => return status::run(*args, setup, output).await,
        Command::Doctor(args) => return doctor::run(*args, setup, output).await,
        Command::Agents(args) => return agents::run(args, setup, output).await,
        Command::Rm(args) => {
            owning(setup, output, async |workplace, output| remove::run(args, workplace, output).await).await?;
        }
        Command::Queue(args @ QueueArgs { action: Some(action), .. }) if !matches!(action, QueueAction::Ls) => {
            owning(setup, output, async |workplace, output| {
                queue_command::change(args, action, workplace, output).await
            })
            .await?;
        }
        Command::Project(args) => match &args.action {
            ProjectAction::Add(args) => {
                owning(setup, output, async |workplace, output| project_command::add(args, workplace, output).await)
                    .await?;
            }
            ProjectAction::Rm(args) => {
                owning(setup, output, async |workplace, output| project_command::rm(args, workplace, output).await)
                    .await?;
            }
            ProjectAction::Ls(_) => look(command, setup, output).await?,
        },
        Command::Rule(args) => match &args.action {
            RuleAction::Add(args) => {
                owning(setup, output, async |workplace, output| rule_command::add(args, workplace, output).await)
                    .await?;
            }
            RuleAction::Rm(args) => {
                owning(setup, output, async |workplace, output| rule_command::rm(args, workplace, output).await)
                    .await?;
            }
            RuleAction::Ls(_) => look(command, setup, output).await?,
        },
        _ => look(command, setup, output).await?,
    }
    Ok(ExitCode::Ok)
}

/// The commands that only look.
async fn look(command: &Command, setup: &Setup, output: &mut Output) -> Result<(), Failure> {
    let data = setup.folders.data();
    let owner = owner(data)?;
    let Some(reader) = SqliteReader::open(data).await? else {
        return look_at_catalog(command, &Catalog::default(), output);
    };
    let catalog = Catalog::read(&reader, owner).await?;
    match command {
        Command::Show(args) => {
            // What cannot be told just now has not changed.
            let disk = Disk { persistence: &reader, owner: &|| self::owner(data).unwrap_or(owner) };
            show::run(args, &catalog, disk, output).await?;
        }
        Command::Search(args) => search::run(args, &catalog, &reader, now(), output).await?,
        Command::Export(args) => export::run(args, &catalog, &reader, output).await?,
        other => look_at_catalog(other, &catalog, output)?,
    }
    Ok(reader.close().await?)
}

fn owner(data: &Path) -> Result<Owner, Failure> {
    Ok(match DataFolder::owner(data)? {
        switchboard_persistence::Owner::Nobody => Owner::Gone,
        switchboard_persistence::Owner::Process(_) => Owner::Alive,
    })
}

/// The commands that need no transcript, and what the others do when there is none.
fn look_at_catalog(command: &Command, catalog: &Catalog, output: &mut Output) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => list::run(args, catalog, now(), output),
        Command::Queue(args) => queue_command::ls(args, catalog, now(), output),
        Command::Project(ProjectArgs { action: ProjectAction::Ls(args) }) => {
            project_command::ls(*args, catalog, now(), output)
        }
        Command::Rule(RuleArgs { action: RuleAction::Ls(args) }) => rule_command::ls(args, catalog, output),
        Command::Show(ShowArgs { session, .. }) | Command::Export(ExportArgs { session, .. }) => {
            catalog.find(session).map(|_| ()).map_err(Failure::from)
        }
        Command::Search(args) => search::print(&[], args, catalog, now(), output),
        _ => Ok(()),
    }
}

fn now() -> Timestamp {
    chrono::Utc::now().into()
}

/// Does something that needs to own the data folder, and lets go of it again however that went.
async fn owning(
    setup: &Setup,
    output: &mut Output,
    action: impl AsyncFnOnce(&Workplace, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let workplace = Workplace::open(setup).await?;
    let outcome = action(&workplace, output).await;
    let closed = workplace.close(|| output.remark(SAVING)).await;
    outcome.and(closed.map(|_| ()).map_err(Failure::from))
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
