//! How often a delivery is tried, and how long is waited in between.

use std::time::Duration;

/// How often a delivery is tried, and how long is waited in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    /// Attempts in all.
    pub(crate) most: u32,
    /// The wait after the first; doubled after each further one.
    pub(crate) first_wait: Duration,
    /// The longest wait that a receiver may ask for: those behind wait too.
    pub(crate) wanted_wait_max: Duration,
}

impl Attempts {
    /// Over half a minute: what a receiver needs to be started anew.
    pub(crate) const DEFAULT: Self =
        Self { most: 6, first_wait: Duration::from_secs(1), wanted_wait_max: Duration::from_mins(2) };

    /// How long to wait when `made` attempts failed; `None` when it is time to give up.
    pub(crate) fn wait_after(&self, made: u32, wanted: Option<Duration>) -> Option<Duration> {
        let own = self.first_wait.saturating_mul(1 << made.saturating_sub(1).min(16));
        (made < self.most).then(|| wanted.map_or(own, |wanted| wanted.min(self.wanted_wait_max)))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first(1, None, Some(1))]
    #[case::doubles(5, None, Some(16))]
    #[case::over(6, None, None)]
    #[case::as_wanted(1, Some(7), Some(7))]
    #[case::wanted_for_ever(1, Some(86_400), Some(120))]
    #[case::wanted_too_often(6, Some(7), None)]
    fn waits_grow_and_end(#[case] made: u32, #[case] wanted: Option<u64>, #[case] seconds: Option<u64>) {
        let wait = Attempts::DEFAULT.wait_after(made, wanted.map(Duration::from_secs));
        assert_eq!(wait, seconds.map(Duration::from_secs));
    }
}
