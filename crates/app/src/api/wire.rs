//! What goes over the wire, in both directions, for the server and its clients alike.
//!
//! Fields may be added to an answer; none is ever removed or given another meaning.

mod approvals;
mod error;
mod event;
mod projects;
mod sessions;

use serde::{Deserialize, Serialize};

pub use approvals::{AnswerApproval, Decision, Policy, SetPolicy};
pub use error::{ErrorBody, ErrorDetail};
pub use event::{DurableReached, Epoch, EventId, EventIdError, Snapshot};
pub use projects::AddProject;
pub use sessions::{SendResult, SentTo, SessionView, StartSession, Stopped};

/// Text that somebody says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text.
    pub text: String,
}
