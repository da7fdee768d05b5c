//! Randomness that is none: a function of its seed alone.

/// A generator of numbers (`SplitMix64`), good enough to vary a story with.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice for one turn: `seed`, and everything else that shall make a difference.
    pub(super) fn new(seed: u64, prompt: &str, turn: u64) -> Self {
        const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const FNV_PRIME: u64 = 0x0100_0000_01b3;
        let hash = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        let bytes = [&seed.to_le_bytes(), prompt.as_bytes(), &turn.to_le_bytes()].concat();
        Self(bytes.iter().fold(FNV_OFFSET, hash))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.next() % choices.len() as u64;
        // Below the length, which is a `usize`.
        choices[usize::try_from(index).unwrap_or_default()]
    }
}
