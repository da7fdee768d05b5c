//! `cargo xtask prove`: does bad things to the product and counts what came of it.

use std::process::ExitCode;

use crate::report;
use crate::step::{Outcome, Step};
use crate::test::Runner;

/// The program that does it, in the package of the tests.
const PROGRAM: &str = "prove";

/// How much of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the harness: `--quick`, `--full`, `--seed N`, `--runs N`, `--only PART`; `--help` tells of them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Builds everything as the tests need it, and runs the harness.
pub(crate) fn run(options: &Options) -> ExitCode {
    for step in [Runner::build(), step(&options.args)] {
        report::step_begins(&step);
        if step.run() != Outcome::Passed {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The harness as a step of something larger.
pub(crate) fn step(args: &[String]) -> Step {
    Step::built("prove", PROGRAM).args(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_goes_to_the_harness() {
        assert!(step(&["--only".to_owned(), "simulation".to_owned()]).repeat().ends_with("prove --only simulation"));
    }
}
