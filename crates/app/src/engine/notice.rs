//! Telling a person that something wants a look.

use switchboard_domain::{RequestId, SessionId};

/// Something that wants a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A turn ended well.
    Completed(SessionId),
    /// A turn failed.
    Failed(SessionId),
    /// An agent waits for an answer.
    NeedsApproval(SessionId, RequestId),
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
