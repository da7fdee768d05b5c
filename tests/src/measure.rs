//! Figures of the benchmarks: each against a baseline of the same run, and against its goal.
//!
//! Machines differ, and one machine differs from itself by a fifth between runs; a ratio to something
//! well known that was measured a moment earlier does not.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// One measured number.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    value: f64,
    unit: Unit,
}

/// What a number counts. Larger is better for rates, smaller for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    PerSecond,
    Milliseconds,
    Megabytes,
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
    /// Nothing: it is shown to be compared with.
    None,
}

impl Figure {
    /// `count` things in `took`.
    pub fn rate(name: impl Into<String>, count: u64, took: Duration) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
        let count = count as f64;
        Self { name: name.into(), value: count / took.as_secs_f64(), unit: Unit::PerSecond }
    }

    /// How long one thing took.
    pub fn time(name: impl Into<String>, took: Duration) -> Self {
        Self { name: name.into(), value: took.as_secs_f64() * 1e3, unit: Unit::Milliseconds }
    }

    /// How much memory something holds.
    pub fn memory(name: impl Into<String>, megabytes: f64) -> Self {
        Self { name: name.into(), value: megabytes, unit: Unit::Megabytes }
    }

    /// How many times better than `baseline`.
    pub fn ratio(&self, baseline: &Self) -> f64 {
        match self.unit {
            Unit::PerSecond => self.value / baseline.value,
            Unit::Milliseconds | Unit::Megabytes => baseline.value / self.value,
        }
    }

    /// Whether it is what was promised.
    pub fn meets(&self, goal: Goal, baseline: Option<&Self>) -> bool {
        match goal {
            Goal::Rate(least) => self.value >= least,
            Goal::Times(least) => baseline.is_some_and(|baseline| self.ratio(baseline) >= least),
            Goal::Within(most) => self.value <= most.as_secs_f64() * 1e3,
            Goal::Megabytes(most) => self.value <= most,
            Goal::None => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::PerSecond => write!(f, "{}/s", thousands(self.value)),
            Unit::Milliseconds => write!(f, "{:.2} ms", self.value),
            Unit::Megabytes => write!(f, "{:.1} MB", self.value),
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
            Self::None => Ok(()),
        }
    }
}

/// Prints one line: the figure, its ratio to the baseline, its goal and whether it is met.
///
/// # Panics
/// When standard output is closed.
pub fn report(figure: &Figure, baseline: Option<&Figure>, goal: Goal) {
    let ratio = baseline.map(|other| format!("{:.2} times {} ({other})", figure.ratio(other), other.name));
    let verdict = match goal {
        Goal::None => String::new(),
        _ if figure.meets(goal, baseline) => format!("ok: {goal}"),
        _ => format!("MISSED: {goal}"),
    };
    let line = format!("{:<46} {:>16}  {}", figure.name, figure.to_string(), ratio.unwrap_or_default());
    writeln!(io::stdout(), "{line}\n{:<46} {verdict}", "").expect("somebody reads what is measured");
}

/// How long `work` takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let value = work();
    (value, began.elapsed())
}

/// The value that `percent` of the samples do not exceed; sorts them.
///
/// # Panics
/// Without samples.
pub fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    samples[(samples.len() * percent / 100).min(samples.len() - 1)]
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
        assert!(!Figure::memory("fat", 31.0).meets(Goal::Megabytes(30.0), None));
    }

    #[test]
    fn large_numbers_can_be_read() {
        assert_eq!(Figure::rate("many", 1_234_567, Duration::from_secs(1)).to_string(), "1,234,567/s");
    }

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let mut samples: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut samples, 99), Duration::from_millis(100));
        assert_eq!(percentile(&mut samples, 50), Duration::from_millis(51));
        assert_eq!(percentile(&mut samples[..1], 99), Duration::from_millis(1));
    }
}
