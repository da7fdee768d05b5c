//! `cargo xtask ci`: the one line that continuous integration calls.

use std::process::ExitCode;

use xtask::workspace::has_cargo_command;

use crate::step::{Step, run_all};
use crate::test::Runner;

/// Each of them can be used without the others.
const LIBRARIES: &[&str] =
    &["switchboard-domain", "switchboard-store", "switchboard-persistence", "switchboard-sidecar"];

/// Runs every check and ends with a summary.
pub(crate) fn run() -> ExitCode {
    let steps = steps(Runner::installed(), has_cargo_command("deny"));
    if run_all(steps) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn steps(runner: Runner, has_deny: bool) -> Vec<Step> {
    let mut steps = vec![
        Step::cargo("format", ["fmt", "--all", "--check"]),
        Step::cargo("clippy", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        Step::cargo("tidy", ["xtask", "tidy"]),
    ];
    steps.extend(LIBRARIES.iter().map(|library| Step::cargo("alone", ["check", "--package", library])));
    steps.push(runner.tests());
    steps.push(Step::cargo("doctests", ["test", "--workspace", "--doc"]));
    steps.push(
        Step::cargo("docs", ["doc", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    steps.push(
        Step::cargo("deny", ["deny", "check"])
            .needs(has_deny, "cargo-deny is missing: cargo install cargo-deny --locked"),
    );
    steps
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nextest(Runner::Nextest)]
    #[case::cargo(Runner::Cargo)]
    fn nothing_is_left_out(#[case] runner: Runner) {
        let names: Vec<_> = steps(runner, true).iter().map(|step| step.name).collect();
        for name in ["format", "clippy", "tidy", "alone", "tests", "doctests", "docs", "deny"] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
    }
}
