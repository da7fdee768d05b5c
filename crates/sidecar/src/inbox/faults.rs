//! Counts faults, and says which of them are worth an event.

use crate::{FaultKind, LineFault};

/// The faults of one line so far.
#[derive(Debug, Default)]
pub(crate) struct FaultTally {
    counts: [u64; FaultKind::ALL.len()],
}

impl FaultTally {
    /// Counts `fault`; gives it back with its count when it shall be reported: at every power of two.
    pub(crate) fn count(&mut self, mut fault: LineFault) -> Option<LineFault> {
        let count = &mut self.counts[fault.kind as usize];
        *count += 1;
        fault.count = *count;
        count.is_power_of_two().then_some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_faults_cost_twenty_events() {
        let mut tally = FaultTally::default();
        let reported = (0..1_000_000).filter_map(|_| tally.count(LineFault::new(FaultKind::Junk, "x")));
        assert_eq!(reported.map(|fault| fault.count).collect::<Vec<_>>(), (0..20).map(|n| 1 << n).collect::<Vec<_>>());
        let first_of_another_kind = tally.count(LineFault::new(FaultKind::TooLong, "x"));
        assert_eq!(first_of_another_kind.map(|fault| fault.count), Some(1));
    }
}
