//! What was proved, as a table for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Outcome;

/// Failures shown of one part: the first tell most.
const FAILURES_SHOWN: usize = 10;

/// What came of one part.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub part: &'static str,
    /// Where its chance began.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// What came of it.
    pub outcome: Outcome,
}

impl Summary {
    /// Whether anything was wrong.
    pub fn is_red(&self) -> bool {
        !self.outcome.failures.is_empty()
    }
}

/// One line for each part, the faults by kind below, then what failed and what was skipped.
pub fn table(summaries: &[Summary]) -> String {
    let mut text =
        format!("{:<12} {:>8} {:>10} {:>9} {:>8} {:>9}\n", "part", "runs", "faults", "failures", "seed", "time");
    for Summary { part, seed, seconds, outcome } in summaries {
        let faults: u64 = outcome.fired.values().sum();
        let (runs, failures) = (outcome.runs, outcome.failures.len());
        let _ = writeln!(text, "{part:<12} {runs:>8} {faults:>10} {failures:>9} {seed:>8} {seconds:>7.1} s");
    }
    for Summary { part, outcome, .. } in summaries {
        if !outcome.fired.is_empty() {
            let _ = writeln!(text, "\n{part}:");
        }
        for (fault, times) in &outcome.fired {
            let _ = writeln!(text, "  {times:>9}  {fault}");
        }
    }
    for Summary { part, outcome, .. } in summaries {
        for failure in outcome.failures.iter().take(FAILURES_SHOWN) {
            let _ = writeln!(text, "\nFAILED {part}: {failure}");
        }
        for why in &outcome.skipped {
            let _ = writeln!(text, "\nSKIPPED {part}: NOT PROVED, {why}");
        }
    }
    text
}

/// The same for programs.
pub fn json(summaries: &[Summary]) -> Value {
    let parts = summaries.iter().map(|Summary { part, seed, seconds, outcome }| {
        json!({
            "part": part, "seed": seed, "seconds": seconds, "runs": outcome.runs, "fired": outcome.fired,
            "failures": outcome.failures, "skipped": outcome.skipped,
        })
    });
    json!({ "green": !summaries.iter().any(Summary::is_red), "parts": parts.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let mut outcome = Outcome { runs: 7, ..Outcome::default() };
        outcome.fire("power cut", 3);
        Summary { part: "sample", seed: 1, seconds: 0.5, outcome }
    }

    #[test]
    fn a_fault_that_never_fired_is_red_and_says_so() {
        let mut silent = summary();
        silent.outcome.must_have_fired(&["power cut", "kill"]);
        assert!(silent.is_red());
        let text = table(&[silent]);
        assert!(text.contains("FAILED sample: the fault \"kill\" never fired"), "{text}");
        assert!(!summary().is_red());
    }

    #[test]
    fn what_was_skipped_is_not_green_by_silence() {
        let skipped = Summary { outcome: Outcome::skipped("no root"), ..summary() };
        assert!(table(&[skipped]).contains("SKIPPED sample: NOT PROVED, no root"));
    }

    #[test]
    fn programs_are_told_the_same() {
        let value = json(&[summary()]);
        assert_eq!(value["green"], true);
        assert_eq!(value["parts"][0]["fired"]["power cut"], 3);
    }
}
