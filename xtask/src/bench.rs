//! `cargo xtask bench`: the speeds that are promised, measured in a release build.

use std::process::ExitCode;

use crate::step::{Step, run_all};

/// Which of them.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the groups whose name has one of these words in it; all but `build` when none is given
    names: Vec<String>,

    /// The same, for those who look for an option
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
}

/// Runs the benchmark program of the test package.
pub(crate) fn run(options: &Options) -> ExitCode {
    if run_all(vec![step(options)]) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn step(options: &Options) -> Step {
    let names: Vec<String> = options.names.iter().chain(&options.filter).cloned().collect();
    Step::cargo("bench", ["bench", "--package", "switchboard-tests", "--bench", "speed", "--"]).args(&names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_passed_on_however_they_are_given() {
        let options = Options { names: vec!["ingest".to_owned()], filter: vec!["flood".to_owned()] };
        assert!(step(&options).repeat().ends_with("--bench speed -- ingest flood"));
    }
}
