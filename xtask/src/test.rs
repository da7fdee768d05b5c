//! `cargo xtask test`: all tests, ending with the test runner's own closing line.

use std::process::ExitCode;

use xtask::workspace::has_cargo_command;

use crate::report;
use crate::step::{Outcome, Step};

/// Which tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Passed on to the test runner: names to filter by, or its own flags
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs documentation examples, then everything else. Prints nothing after the runner's last line, so
/// that whoever reads the end of the output reads the count of tests.
pub(crate) fn run(options: &Options) -> ExitCode {
    for step in steps(Runner::installed(), &options.args) {
        report::step_begins(&step);
        if step.run() != Outcome::Passed {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// One process for each test: `cargo nextest`.
    Nextest,
    /// What comes with Rust.
    Cargo,
}

impl Runner {
    /// The better one that is there.
    pub(crate) fn installed() -> Self {
        if has_cargo_command("nextest") { Self::Nextest } else { Self::Cargo }
    }

    /// Everything the tests need, the program itself among it, so that no test waits for a compiler.
    pub(crate) fn build() -> Step {
        Step::cargo("build", ["build", "--workspace", "--bins", "--tests"])
    }

    /// All tests but the documentation's examples.
    pub(crate) fn tests(self) -> Step {
        match self {
            Self::Nextest => Step::cargo("tests", ["nextest", "run", "--workspace"]),
            Self::Cargo => Step::cargo("tests", ["test", "--workspace", "--lib", "--bins", "--tests"]),
        }
    }
}

fn steps(runner: Runner, args: &[String]) -> Vec<Step> {
    if args.is_empty() {
        vec![Runner::build(), Step::cargo("doctests", ["test", "--workspace", "--doc"]), runner.tests()]
    } else {
        vec![Runner::build(), runner.tests().args(args)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_has_the_last_word() {
        let names: Vec<_> = steps(Runner::Cargo, &[]).iter().map(|step| step.name).collect();
        assert_eq!(names, ["build", "doctests", "tests"]);
    }

    #[test]
    fn a_filter_goes_to_the_runner_and_skips_the_examples() {
        let steps = steps(Runner::Nextest, &["kill_nine".to_owned()]);
        assert_eq!(
            steps.iter().map(Step::repeat).collect::<Vec<_>>(),
            ["cargo build --workspace --bins --tests", "cargo nextest run --workspace kill_nine"]
        );
    }
}
