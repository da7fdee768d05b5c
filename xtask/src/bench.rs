//! `cargo xtask bench`: the speeds that are promised, measured in a release build.

use std::process::ExitCode;

use crate::step::{Step, run_all};

/// Which of them.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these benchmarks, by the name of their file; all when none is named
    names: Vec<String>,
}

/// Runs the benchmark programs of the test package.
pub(crate) fn run(options: &Options) -> ExitCode {
    if run_all(vec![step(&options.names)]) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn step(names: &[String]) -> Step {
    let chosen: Vec<String> = match names {
        [] => vec!["--benches".to_owned()],
        names => names.iter().flat_map(|name| ["--bench".to_owned(), name.clone()]).collect(),
    };
    Step::cargo("bench", ["bench", "--package", "switchboard-tests"]).args(&chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_run_unless_some_are_named() {
        assert!(step(&[]).repeat().ends_with("switchboard-tests --benches"));
        assert!(step(&["ingest".to_owned()]).repeat().ends_with("switchboard-tests --bench ingest"));
    }
}
