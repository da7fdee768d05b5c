//! Many times the same thing was measured.

use std::time::{Duration, Instant};

use super::{Figure, Goal, Report};

/// Many times the same thing was measured.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// How long `work` takes, so many times.
    pub fn of(rounds: usize, mut work: impl FnMut()) -> Self {
        (0..rounds).map(|_| super::timed(&mut work).1).collect()
    }

    /// [`Samples::of`] for work that waits.
    pub async fn of_async(rounds: usize, mut work: impl AsyncFnMut()) -> Self {
        let mut samples = Self::default();
        for _ in 0..rounds {
            let began = Instant::now();
            work().await;
            samples.push(began.elapsed());
        }
        samples
    }

    /// Another one.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// What so many of a thousand do not exceed.
    ///
    /// # Panics
    /// Without samples.
    pub fn per_mille(&self, count: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() * count / 1_000).min(sorted.len() - 1)]
    }

    /// The middle one.
    ///
    /// # Panics
    /// Without samples.
    pub fn median(&self) -> Duration {
        self.per_mille(500)
    }

    /// Reports the middle one, and those that one in a hundred and one in a thousand exceed, next to the same of
    /// `baseline`; `goal` is for the second.
    ///
    /// # Panics
    /// Without samples.
    pub fn report(&self, name: &str, baseline: Option<(&str, &Self)>, goal: Goal, report: &mut Report) {
        for (label, share) in [("p50", 500), ("p99", 990), ("p999", 999)] {
            let figure = Figure::time(format!("{name}, {label}"), self.per_mille(share));
            let baseline = baseline.map(|(name, samples)| Figure::time(name, samples.per_mille(share)));
            report.add(&figure, baseline.as_ref(), if label == "p99" { goal } else { Goal::None });
        }
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

impl Extend<Duration> for Samples {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, samples: I) {
        self.0.extend(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let samples: Samples = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(samples.per_mille(990), Duration::from_millis(100));
        assert_eq!(samples.median(), Duration::from_millis(51));
        assert_eq!(Samples::of(1, || ()).count(), 1);
    }
}
