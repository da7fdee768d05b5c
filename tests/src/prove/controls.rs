//! Promises broken on purpose: a harness that does not notice proves nothing.

use super::{Effort, Outcome};
use crate::simulation::{self, Breakage, Plan};

/// Seeds in which a breakage must be noticed; the rarest loses one write in ten thousand.
const SEEDS_MAX: u64 = 400;

/// Breaks every promise that the simulation guards, one after the other.
pub(super) fn run(effort: &Effort) -> Outcome {
    let mut outcome = Outcome::default();
    for breakage in Breakage::ALL {
        let caught = (effort.seed..effort.seed + SEEDS_MAX).find_map(|seed| {
            outcome.runs += 1;
            simulation::run(&plan(seed, breakage)).violation.map(|law| (seed, law))
        });
        match caught {
            Some((seed, law)) => outcome.fire(format!("{breakage}: seed {seed}: {law}"), 1),
            None => outcome.failures.push(format!("{breakage}: not noticed in {SEEDS_MAX} seeds")),
        }
    }
    outcome
}

fn plan(seed: u64, breakage: Breakage) -> Plan {
    Plan { seed, sessions: 8, operations: 240, crashes: 4, breakage: Some(breakage), verbose: false }
}
