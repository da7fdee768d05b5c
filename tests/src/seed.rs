//! Randomness that can be had again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Set it to the printed number to see the same run again.
const VARIABLE: &str = "SWITCHBOARD_TEST_SEED";

/// A small random generator (`SplitMix64`); its seed is printed, and taken from the environment when set there.
pub struct Seed(u64);

impl Seed {
    /// A fresh one, or the one asked for in `SWITCHBOARD_TEST_SEED`. Prints it: cargo shows that when the test fails.
    ///
    /// # Panics
    /// When the variable is set to something else than a number.
    #[expect(clippy::new_without_default, reason = "it reads the environment and prints")]
    #[expect(clippy::print_stderr, reason = "the seed is of use only to whoever reads the failure")]
    pub fn new() -> Self {
        let asked = std::env::var(VARIABLE).ok().map(|text| text.parse().expect("a whole number"));
        let seed = asked.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::from(now.subsec_nanos()) ^ now.as_secs()
        });
        eprintln!("{VARIABLE}={seed}");
        Self(seed)
    }

    /// The one of this number; prints nothing.
    pub const fn of(number: u64) -> Self {
        Self(number)
    }

    /// Any number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    /// Any time shorter than `end`, in steps of a microsecond.
    pub fn shorter_than(&mut self, end: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(end.as_micros()).unwrap_or(u64::MAX)))
    }
}
