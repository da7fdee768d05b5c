//! `cargo xtask demo`: `switchboard demo` in a release build.

use std::process::ExitCode;

use crate::step::{Outcome, Step};

/// What to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to `switchboard demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Builds the program if need be and shows it at work.
pub(crate) fn run(options: &Options) -> ExitCode {
    let step = Step::cargo("demo", ["run", "--release", "--quiet", "--package", "switchboard", "--", "demo"]);
    if step.args(&options.args).run() == Outcome::Passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
