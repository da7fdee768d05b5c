//! Telling a person that something wants a look.

use switchboard_domain::{RequestId, SessionId, Timestamp};

/// Something that wants a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A turn ended well.
    Completed(SessionId),
    /// A turn failed.
    Failed(SessionId),
    /// An agent waits for an answer.
    NeedsApproval(SessionId, RequestId),
    /// An agent has said nothing for long.
    Stuck(SessionId),
    /// A budget is used up: a turn was stopped, or does not begin.
    OverBudget(SessionId),
    /// An agent's account is exhausted.
    RateLimited {
        /// The session whose agent said so.
        session: SessionId,
        /// The account.
        account: String,
        /// When it is tried again.
        until: Timestamp,
    },
}

impl Notice {
    /// The session that wants a look.
    pub const fn session(&self) -> SessionId {
        match self {
            Self::Completed(session)
            | Self::Failed(session)
            | Self::NeedsApproval(session, _)
            | Self::Stuck(session)
            | Self::OverBudget(session)
            | Self::RateLimited { session, .. } => *session,
        }
    }
}

/// Where notices go. Must not block.
pub trait Notifier: Send + Sync {
    /// Passes `notice` on.
    fn notify(&self, notice: Notice);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Notifier for Silent {
    fn notify(&self, _notice: Notice) {}
}
