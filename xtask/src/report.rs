//! What the developer sees: the only place of this program that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "telling the developer is what this module is for")]

use std::time::Duration;

use xtask::tidy::Finding;

use crate::step::{Outcome, Step};

/// Before a step: what it is, and the command that repeats just it.
pub(crate) fn step_begins(step: &Step) {
    println!("\n==> {}: {}", step.name, step.repeat());
}

/// After a step.
pub(crate) fn step_ended(step: &Step, outcome: &Outcome, took: Duration) {
    println!("<== {}: {} ({})", step.name, word(outcome), seconds(took));
}

/// After all steps: one line each, the commands to repeat what failed, and what was skipped, loudly.
pub(crate) fn summary(steps: &[(Step, Outcome, Duration)]) {
    println!("\n{:<12} {:>9}  outcome", "step", "time");
    for (step, outcome, took) in steps {
        println!("{:<12} {:>9}  {}", step.name, seconds(*took), word(outcome));
    }
    for (step, outcome, _) in steps {
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(why) => println!("\nFAILED {}: {why}\n  repeat it: {}", step.name, step.repeat()),
            Outcome::Skipped(why) => println!("\nSKIPPED {}: NOT CHECKED, {why}", step.name),
        }
    }
}

/// What became of a command that is no list of steps.
pub(crate) fn remark(text: &str) {
    eprintln!("{text}");
}

/// Everything that is not tidy, and the count.
pub(crate) fn findings(findings: &[Finding]) {
    for finding in findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy"),
        count => eprintln!("{count} not tidy"),
    }
}

/// Why a command could not even begin or go on.
pub(crate) fn problem(error: &dyn std::error::Error) {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    eprintln!("error: {message}");
}

/// Something that was made.
pub(crate) fn made(what: &std::path::Path) {
    println!("{}", what.display());
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Failed(_) => "FAILED",
        Outcome::Skipped(_) => "SKIPPED",
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
