//! `cargo xtask`: everything a developer does with this repository, one command each.

mod agents;
mod api_check;
mod bench;
mod ci;
mod demo;
mod dist;
mod picture;
mod prove;
mod report;
mod step;
mod test;
mod tidy_command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer workflows of Switchboard.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must be green: format, lints, tidy, tests, docs, supply chain
    Ci,
    /// Documentation examples, unit tests and tests of the real binary
    Test(test::Options),
    /// The rules no compiler holds: who knows whom, sizes, names, docs
    Tidy,
    /// The promises, proved in simulated time: crashes, power cuts, broken disks, bad agents
    Prove(prove::Options),
    /// Speeds, each as a ratio to a baseline of the same run
    Bench(bench::Options),
    /// The real agent programs, installed by npm, each played through the same scenes
    Agents(agents::Options),
    /// Eight built-in agents at once, in a release build
    Demo(demo::Options),
    /// The README's picture, taken of the demo at work
    Picture,
    /// The running daemon against its own description of its API, by schemathesis
    ApiCheck,
    /// A release archive with completions and manual page
    Dist,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Ci => ci::run(),
        Command::Test(options) => test::run(&options),
        Command::Tidy => tidy_command::run(),
        Command::Prove(options) => prove::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Agents(options) => agents::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Picture => picture::run(),
        Command::ApiCheck => api_check::run(),
        Command::Dist => dist::run(),
    }
}
