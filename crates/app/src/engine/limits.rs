//! The limits within which the engine runs agents.

use crate::engine::admission::Slots;
use crate::engine::budget::Budgets;
use crate::engine::runner::Patience;

/// The limits within which the engine runs agents. The default is to have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many agents may work.
    pub slots: Slots,
    /// What may be spent.
    pub budgets: Budgets,
    /// How long a turn may take and be silent.
    pub patience: Patience,
}
