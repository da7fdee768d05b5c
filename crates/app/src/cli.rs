//! The command line: reads it, does what it says, and says how that went.

mod args;
mod config_command;
mod exit_code;
mod failure;
mod manual;
mod output;

use clap::Parser;

use crate::config::{Config, Folders};
use crate::terminal::Style;
use args::{Cli, ColorWhen, Command, GlobalArgs};
use exit_code::ExitCode;
use failure::Failure;
use output::Output;

/// Runs the command line of this process and returns what the shell is to be told.
///
/// Prints to standard output what was asked for and to standard error everything else.
pub fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    choose_color(cli.global.color);
    match run(cli) {
        Ok(code) => code.into(),
        Err(failure) => {
            report(&failure);
            failure.code().into()
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let mut output = Output::standard();
    match cli.command {
        Command::Completions(args) => manual::completions(args, &mut output)?,
        Command::Man(args) => manual::man(&args, &mut output)?,
        Command::Config(args) => config_command::run(&args, &Setup::load(&cli.global)?, &mut output)?,
        _ => return Err(Failure::new(ExitCode::Failure, "this command is not built yet")),
    }
    Ok(ExitCode::Ok)
}

/// Where files live and what is configured: what nearly every command needs first.
struct Setup {
    folders: Folders,
    config: Config,
}

impl Setup {
    fn load(global: &GlobalArgs) -> Result<Self, Failure> {
        let folders = Folders::find(global.home.as_deref())?;
        let config = Config::load(&folders.config_file(), &|name| std::env::var(name).ok())?;
        Ok(Self { folders, config })
    }
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
