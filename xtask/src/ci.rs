//! `cargo xtask ci`: the one line that continuous integration calls.

use std::process::ExitCode;

use xtask::workspace::has_cargo_command;

use crate::step::{Outcome, Step, run_all};
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
    steps.extend([Runner::build(), runner.tests()]);
    steps.push(Step::cargo("doctests", ["test", "--workspace", "--doc"]));
    // Once as published, once as developers read it: each finds broken links that the other does not.
    for private in [None, Some("--document-private-items")] {
        let args = ["doc", "--workspace", "--no-deps"].into_iter().chain(private);
        steps.push(Step::cargo("docs", args).env("RUSTDOCFLAGS", "-D warnings"));
    }
    steps.extend(supply_chain(has_deny));
    steps
}

/// Licences and sources need nothing; known holes need a list from the network.
fn supply_chain(has_deny: bool) -> [Step; 2] {
    let licences = Step::cargo("licences", ["deny", "check", "licenses", "bans", "sources"]);
    let advisories = Step::cargo("advisories", ["deny", "check", "advisories"]);
    let has_list = has_deny && Step::cargo("advisories", ["deny", "fetch", "db"]).run() == Outcome::Passed;
    let no_tool = "cargo-deny is missing: cargo install cargo-deny --locked";
    let why = if has_deny { "the list of advisories cannot be fetched" } else { no_tool };
    [licences.needs(has_deny, no_tool), advisories.needs(has_list, why)]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nextest(Runner::Nextest)]
    #[case::cargo(Runner::Cargo)]
    fn nothing_is_left_out(#[case] runner: Runner) {
        let names: Vec<_> = steps(runner, false).iter().map(|step| step.name).collect();
        for name in ["format", "clippy", "tidy", "alone", "tests", "doctests", "docs", "licences", "advisories"] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
    }
}
