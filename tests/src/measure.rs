//! Figures of the benchmarks: each against a baseline of the same run, and against its goal.
//!
//! Machines differ, and one machine differs from itself by a fifth between runs; a ratio to something
//! well known that was measured a moment earlier does not.

mod growth;
mod report;
mod samples;

use std::fmt;
use std::time::{Duration, Instant};

pub use growth::Growth;
pub use report::Report;
pub use samples::Samples;

/// One measured number.
#[derive(Clone, Debug)]
pub struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    unit: Unit,
}

/// What a number counts. Larger is better for rates, smaller for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    PerSecond,
    Milliseconds,
    Megabytes,
    Exponent,
    Pieces,
}

/// What was promised.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At least this many a second.
    Rate(f64),
    /// At least this many times the baseline's rate.
    Times(f64),
    /// No longer than this.
    Within(Duration),
    /// No more memory than this, in MB.
    Megabytes(f64),
    /// Grows no faster than this power of the work.
    Exponent(f64),
    /// Nothing: it is shown to be compared with.
    None,
}

impl Figure {
    /// `count` things in `took`.
    pub fn rate(name: impl Into<String>, count: u64, took: Duration) -> Self {
        Self::new(name, as_float(count) / took.as_secs_f64(), Unit::PerSecond)
    }

    /// How long one thing took.
    pub fn time(name: impl Into<String>, took: Duration) -> Self {
        Self::new(name, took.as_secs_f64() * 1e3, Unit::Milliseconds)
    }

    /// How much memory or disk something holds.
    pub fn megabytes(name: impl Into<String>, megabytes: f64) -> Self {
        Self::new(name, megabytes, Unit::Megabytes)
    }

    /// With which power of the work the cost grows.
    pub fn exponent(name: impl Into<String>, exponent: f64) -> Self {
        Self::new(name, exponent, Unit::Exponent)
    }

    /// How many there are.
    pub fn pieces(name: impl Into<String>, pieces: u64) -> Self {
        Self::new(name, as_float(pieces), Unit::Pieces)
    }

    fn new(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { name: name.into(), value, unit }
    }

    /// What its number counts, for programs.
    pub(crate) const fn unit(&self) -> &'static str {
        match self.unit {
            Unit::PerSecond => "per_second",
            Unit::Milliseconds => "milliseconds",
            Unit::Megabytes => "megabytes",
            Unit::Exponent => "exponent",
            Unit::Pieces => "pieces",
        }
    }

    /// How many times better than `baseline`.
    pub fn ratio(&self, baseline: &Self) -> f64 {
        match self.unit {
            Unit::PerSecond => self.value / baseline.value,
            Unit::Milliseconds | Unit::Megabytes | Unit::Exponent | Unit::Pieces => baseline.value / self.value,
        }
    }

    /// Whether it is what was promised.
    pub fn meets(&self, goal: Goal, baseline: Option<&Self>) -> bool {
        match goal {
            Goal::Rate(least) => self.value >= least,
            Goal::Times(least) => baseline.is_some_and(|baseline| self.ratio(baseline) >= least),
            Goal::Within(most) => self.value <= most.as_secs_f64() * 1e3,
            Goal::Megabytes(most) | Goal::Exponent(most) => self.value <= most,
            Goal::None => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::PerSecond => write!(f, "{}/s", thousands(self.value)),
            Unit::Milliseconds if self.value < 1.0 => write!(f, "{:.0} µs", self.value * 1e3),
            Unit::Milliseconds if self.value < 10.0 => write!(f, "{:.2} ms", self.value),
            Unit::Milliseconds => write!(f, "{} ms", thousands(self.value)),
            Unit::Megabytes => write!(f, "{:.1} MB", self.value),
            Unit::Exponent => write!(f, "n^{:.2}", self.value),
            Unit::Pieces => write!(f, "{}", thousands(self.value)),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(least) => write!(f, "at least {}/s", thousands(*least)),
            Self::Times(least) => write!(f, "at least {least} times the baseline"),
            Self::Within(most) => write!(f, "within {most:?}"),
            Self::Megabytes(most) => write!(f, "at most {most} MB"),
            Self::Exponent(most) => write!(f, "at most n^{most}"),
            Self::None => Ok(()),
        }
    }
}

/// How long `work` takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let value = work();
    (value, began.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
const fn as_float(count: u64) -> f64 {
    count as f64
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits are ASCII")).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_is_always_better() {
        let second = Duration::from_secs(1);
        let (fast, slow) = (Figure::rate("fast", 200, second), Figure::rate("slow", 100, second));
        assert!((fast.ratio(&slow) - 2.0).abs() < 1e-9);
        let (short, long) = (Figure::time("short", second), Figure::time("long", 2 * second));
        assert!((short.ratio(&long) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_goal_is_met_or_missed() {
        let second = Duration::from_secs(1);
        let (fast, slow) = (Figure::rate("fast", 200, second), Figure::rate("slow", 100, second));
        assert!(fast.meets(Goal::Times(2.0), Some(&slow)) && !fast.meets(Goal::Times(2.1), Some(&slow)));
        assert!(fast.meets(Goal::Rate(200.0), None) && !slow.meets(Goal::Rate(101.0), None));
        assert!(!fast.meets(Goal::Times(1.0), None), "a ratio needs something to be a ratio to");
        assert!(!Figure::time("long", 2 * second).meets(Goal::Within(second), None));
        assert!(!Figure::megabytes("fat", 31.0).meets(Goal::Megabytes(30.0), None));
        assert!(!Figure::exponent("steep", 2.0).meets(Goal::Exponent(1.2), None));
    }

    #[test]
    fn numbers_can_be_read() {
        assert_eq!(Figure::rate("many", 1_234_567, Duration::from_secs(1)).to_string(), "1,234,567/s");
        assert_eq!(Figure::time("short", Duration::from_micros(42)).to_string(), "42 µs");
        assert_eq!(Figure::time("long", Duration::from_millis(1_500)).to_string(), "1,500 ms");
    }
}
