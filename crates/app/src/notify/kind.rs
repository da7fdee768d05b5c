//! What notifications are about.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::engine::Notice;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A turn ended well.
    Completed,
    /// A turn failed.
    Failed,
    /// An agent waits for an answer.
    NeedsApproval,
    /// An agent has said nothing for long.
    Stuck,
    /// A budget is used up.
    Budget,
    /// An account is exhausted.
    RateLimited,
}

/// Those that somebody wants.
pub(crate) type Kinds = BTreeSet<Kind>;

impl Kind {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 6] =
        [Self::Completed, Self::Failed, Self::NeedsApproval, Self::Stuck, Self::Budget, Self::RateLimited];

    /// The name used in the configuration and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::NeedsApproval => "needs_approval",
            Self::Stuck => "stuck",
            Self::Budget => "budget",
            Self::RateLimited => "rate_limited",
        }
    }

    /// What a notice is about.
    pub(super) const fn of(notice: &Notice) -> Self {
        match notice {
            Notice::Completed(_) => Self::Completed,
            Notice::Failed(_) => Self::Failed,
            Notice::NeedsApproval(..) => Self::NeedsApproval,
            Notice::Stuck(_) => Self::Stuck,
            Notice::OverBudget(_) => Self::Budget,
            Notice::RateLimited { .. } => Self::RateLimited,
        }
    }
}
