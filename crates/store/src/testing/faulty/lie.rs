//! Promises of the port that are broken on purpose, to see that whoever checks them notices.

use std::borrow::Cow;

use crate::Write;

/// A promise that a database breaks without saying so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// None.
    #[default]
    Nothing,
    /// A batch is acknowledged at once and written with the next one.
    AcknowledgeEarly,
    /// Some writes are left out.
    Drop {
        /// How many are taken before the first one that is left out.
        after: u64,
        /// From there on, one in so many is left out.
        one_in: u64,
    },
}

/// Tells a lie, batch by batch.
#[derive(Default)]
pub(super) struct Liar {
    lie: Lie,
    held_back: Vec<Write>,
    taken: u64,
}

impl Liar {
    pub(super) fn new(lie: Lie) -> Self {
        Self { lie, ..Self::default() }
    }

    /// What gets to the database when it says that it has written `batch`.
    pub(super) fn written_of<'a>(&mut self, batch: &'a [Write]) -> Cow<'a, [Write]> {
        match self.lie {
            Lie::Nothing => Cow::Borrowed(batch),
            Lie::AcknowledgeEarly => Cow::Owned(std::mem::replace(&mut self.held_back, batch.to_vec())),
            Lie::Drop { after, one_in } => batch.iter().filter(|_| self.keeps(after, one_in)).cloned().collect(),
        }
    }

    fn keeps(&mut self, after: u64, one_in: u64) -> bool {
        let number = self.taken;
        self.taken += 1;
        number.checked_sub(after).is_none_or(|since| !since.is_multiple_of(one_in))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    fn batch(projects: std::ops::Range<u32>) -> Vec<Write> {
        projects.map(|number| Write::Project(sample::project(number))).collect()
    }

    #[test]
    fn what_is_acknowledged_early_is_written_with_the_next_batch() {
        let mut liar = Liar::new(Lie::AcknowledgeEarly);
        assert!(liar.written_of(&batch(0..2)).is_empty());
        assert_eq!(*liar.written_of(&batch(2..3)), batch(0..2));
    }

    #[test]
    fn one_write_in_so_many_is_left_out_across_batches() {
        let mut liar = Liar::new(Lie::Drop { after: 1, one_in: 3 });
        assert_eq!(*liar.written_of(&batch(0..3)), [batch(0..1), batch(2..3)].concat());
        assert_eq!(*liar.written_of(&batch(3..6)), [batch(3..4), batch(5..6)].concat());
    }

    #[test]
    fn the_truth_is_not_touched() {
        assert_eq!(*Liar::default().written_of(&batch(0..3)), batch(0..3));
    }
}
