//! The simulation as a part: many seeds, on all cores.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Effort, Length, Outcome};
use crate::simulation::{self, FAULTS, Plan, Verdict};

/// One seed of so many is run twice, to see that it is the same run.
const RUN_TWICE_ONE_IN: u64 = 50;
/// The end of the story of a failure that is told when only one seed is run.
const STORY_LINES: usize = 60;
/// Seeds that may fail before the part gives up: they fail for the same reason.
const FAILURES_MAX: usize = 20;

/// Runs all seeds.
pub(super) fn run(effort: &Effort) -> Outcome {
    let runs = effort.runs(5_000, 100_000);
    let next = AtomicU64::new(0);
    let gathered = Mutex::new((Outcome { runs, ..Outcome::default() }, BTreeMap::<&'static str, u64>::new()));
    thread::scope(|scope| {
        for _ in 0..effort.threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= runs {
                        break;
                    }
                    let plan = Plan { verbose: runs == 1, ..plan(effort, effort.seed + number) };
                    let verdict = simulation::run(&plan);
                    let failure = failure(effort, &plan, &verdict);
                    let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                    for (fault, times) in verdict.fired {
                        *gathered.1.entry(fault).or_default() += times;
                    }
                    gathered.0.failures.extend(failure);
                    if gathered.0.failures.len() >= FAILURES_MAX {
                        break;
                    }
                }
            });
        }
    });
    let (mut outcome, fired) = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.fired =
        fired.into_iter().filter(|(fault, _)| *fault != "commit passed").map(|(k, v)| (k.into(), v)).collect();
    if runs >= 1_000 {
        outcome.must_have_fired(&FAULTS);
    }
    outcome
}

/// What a seed means: small worlds most often, since most mistakes need few actors; large ones too.
fn plan(effort: &Effort, seed: u64) -> Plan {
    let (sessions, operations) = match effort.length {
        Length::Quick => (5 + seed % 8, 60 + seed % 7 * 30),
        Length::Full => (5 + seed % 46, 1_000 + seed % 10 * 1_000),
    };
    Plan {
        seed,
        sessions: usize::try_from(sessions).unwrap_or(usize::MAX),
        operations,
        crashes: 2 + seed % 4,
        breakage: None,
        verbose: false,
    }
}

fn failure(effort: &Effort, plan: &Plan, verdict: &Verdict) -> Option<String> {
    let law = match &verdict.violation {
        Some(law) => law.clone(),
        None if plan.seed.is_multiple_of(RUN_TWICE_ONE_IN) && simulation::run(plan).hash != verdict.hash => {
            "the same seed gave another run".to_owned()
        }
        None => return None,
    };
    let repeat = format!("cargo xtask prove {} --only simulation --seed {} --runs 1", effort.flag(), plan.seed);
    let story = verdict.story[verdict.story.len().saturating_sub(STORY_LINES)..].join("\n    ");
    Some(format!("seed {}: {law}\n  repeat it: {repeat}\n    {story}", plan.seed))
}
