//! Proof of the promises: every part does the bad thing many times over and counts what came of it.
//!
//! A [`Part`] guards some promises. It is red when a promise was broken, when a fault that it counts on
//! never fired, or when it does not catch a breakage that was made on purpose. What cannot be done on a
//! machine (no root, no loop device) is skipped, loudly.

mod controls;
mod report;
mod simulated;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

pub use report::{Summary, json, table};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// What fits into every change: minutes.
    Quick,
    /// What a machine does over night.
    Full,
}

/// What all parts are told.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How much.
    pub length: Length,
    /// Where chance begins.
    pub seed: u64,
    /// So many runs instead of the usual number.
    pub runs: Option<u64>,
    /// Runs at the same time, where a part can.
    pub threads: usize,
}

impl Effort {
    /// The number of runs: as asked for, else by length.
    pub fn runs(&self, quick: u64, full: u64) -> u64 {
        self.runs.unwrap_or(match self.length {
            Length::Quick => quick,
            Length::Full => full,
        })
    }

    /// The flag that asks for this length.
    pub const fn flag(&self) -> &'static str {
        match self.length {
            Length::Quick => "--quick",
            Length::Full => "--full",
        }
    }
}

/// What guards some promises.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    run: fn(&Effort) -> Outcome,
}

/// All parts, in the order in which they are run.
pub const PARTS: [Part; 2] = [
    Part {
        name: "simulation",
        about: "whole lives in simulated time, with everything going wrong",
        run: simulated::run,
    },
    Part { name: "controls", about: "promises broken on purpose, each of which must be noticed", run: controls::run },
];

/// What came of a part.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How often the bad thing was done.
    pub runs: u64,
    /// How often each fault took effect.
    pub fired: BTreeMap<String, u64>,
    /// What was wrong, each with how to see it again.
    pub failures: Vec<String>,
    /// What was not done on this machine, and why.
    pub skipped: Vec<String>,
}

impl Outcome {
    /// Nothing could be done, for this reason.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self { skipped: vec![why.into()], ..Self::default() }
    }

    /// A fault took effect so many times more.
    pub fn fire(&mut self, fault: impl Into<String>, times: u64) {
        *self.fired.entry(fault.into()).or_default() += times;
    }

    /// Complains about every one of these faults that never fired.
    pub fn must_have_fired(&mut self, faults: &[&str]) {
        for fault in faults {
            if self.fired.get(*fault).is_none_or(|times| *times == 0) {
                self.failures.push(format!("the fault {fault:?} never fired, so nothing is known of it"));
            }
        }
    }
}

impl Part {
    /// Does it, and measures how long that takes.
    pub fn prove(&self, effort: &Effort) -> Summary {
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(effort))).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|it| (*it).into()));
            let failure = format!("panicked: {}", said.unwrap_or_default());
            Outcome { failures: vec![failure], ..Outcome::default() }
        });
        Summary { part: self.name, seed: effort.seed, seconds: began.elapsed().as_secs_f64(), outcome }
    }
}
