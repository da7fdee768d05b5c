//! One thing to do, as a process, with the command that repeats it.

use std::process::Command;
use std::time::{Duration, Instant};

use xtask::workspace::{cargo_program, root};

use crate::report;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What runs: cargo, or a program that cargo has built.
    program: Program,
    args: Vec<String>,
    envs: Vec<(&'static str, &'static str)>,
    missing: Option<&'static str>,
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Cargo,
    /// By its name, next to this program.
    Built(&'static str),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Passed,
    /// Badly, and how.
    Failed(String),
    /// Not at all, and why.
    Skipped(&'static str),
}

impl Step {
    /// Runs `cargo ARGS` in the workspace's root.
    pub(crate) fn cargo<'a>(name: &'static str, args: impl IntoIterator<Item = &'a str>) -> Self {
        let args = args.into_iter().map(str::to_owned).collect();
        Self { name, program: Program::Cargo, args, envs: Vec::new(), missing: None }
    }

    /// Runs a program of this workspace that an earlier step has built.
    pub(crate) fn built(name: &'static str, program: &'static str) -> Self {
        Self { name, program: Program::Built(program), args: Vec::new(), envs: Vec::new(), missing: None }
    }

    /// With more arguments behind the others.
    pub(crate) fn args(mut self, args: &[String]) -> Self {
        self.args.extend(args.iter().cloned());
        self
    }

    /// With a variable in the environment.
    pub(crate) fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.envs.push((name, value));
        self
    }

    /// Not to be run unless `installed`; `why` says what is missing.
    pub(crate) fn needs(mut self, installed: bool, why: &'static str) -> Self {
        self.missing = (!installed).then_some(why);
        self
    }

    /// What a person types to do just this again.
    pub(crate) fn repeat(&self) -> String {
        let envs = self.envs.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
        let args = self.args.iter().map(|arg| format!(" {}", quoted(arg)));
        let program = match self.program {
            Program::Cargo => "cargo".to_owned(),
            Program::Built(name) => format!("cargo xtask {name}"),
        };
        envs.chain([program]).chain(args).collect()
    }

    /// Does it, its output going where ours goes.
    pub(crate) fn run(&self) -> Outcome {
        if let Some(why) = self.missing {
            return Outcome::Skipped(why);
        }
        let program = match self.program {
            Program::Cargo => cargo_program(),
            Program::Built(name) => match std::env::current_exe() {
                Ok(own) => own.with_file_name(name).to_string_lossy().into_owned(),
                Err(error) => return Outcome::Failed(format!("cannot find {name}: {error}")),
            },
        };
        let mut command = Command::new(&program);
        command.args(&self.args).envs(self.envs.iter().copied()).current_dir(root());
        match command.status() {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(status) => Outcome::Failed(status.to_string()),
            Err(error) => Outcome::Failed(format!("cannot run {program}: {error}")),
        }
    }
}

/// Runs every step, whatever became of the ones before: one run shows all that is wrong.
///
/// Tells whether none failed.
pub(crate) fn run_all(steps: Vec<Step>) -> bool {
    let mut ended: Vec<(Step, Outcome, Duration)> = Vec::new();
    for step in steps {
        report::step_begins(&step);
        let began = Instant::now();
        let outcome = step.run();
        report::step_ended(&step, &outcome, began.elapsed());
        ended.push((step, outcome, began.elapsed()));
    }
    report::summary(&ended);
    !ended.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
}

/// As a shell must see it.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-_=/.:,+".contains(letter));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_repeats_a_step_can_be_pasted_into_a_shell() {
        let step = Step::cargo("docs", ["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(step.repeat(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_step_whose_tool_is_missing_is_skipped_and_says_so() {
        let step = Step::cargo("deny", ["no-such-command"]).needs(false, "no tool");
        assert_eq!(step.run(), Outcome::Skipped("no tool"));
    }

    #[test]
    fn a_failing_step_fails_the_whole_and_does_not_stop_the_rest() {
        let failing = Step::cargo("one", ["no-such-command"]);
        assert!(matches!(failing.run(), Outcome::Failed(_)));
        assert!(!run_all(vec![failing, Step::cargo("two", ["--version"])]));
        assert!(run_all(vec![Step::cargo("two", ["--version"])]));
    }
}
