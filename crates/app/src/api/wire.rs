//! What goes over the wire, in both directions, for the server and its clients alike.
//!
//! Fields may be added to an answer; none is ever removed or given another meaning.

mod approvals;
mod error;
mod event;
mod looks;
mod projects;
mod sessions;

pub use approvals::{AnswerApproval, Decision, Policy, SetPolicy};
pub use error::{ErrorBody, ErrorDetail};
pub use event::{DurableReached, Epoch, EventId, EventIdError, Snapshot};
pub use looks::{
    AgentView, ExportFormat, ExportQuery, HealthState, HealthView, MessagesQuery, Order, SearchRequest, StatsView,
    Transcript, VersionView,
};
pub(crate) use projects::Settings;
pub use projects::{AddProject, ProjectView, RenameProject, RuleText, Setting};
pub use sessions::{
    ListSessions, Resume, Resumption, SendResult, SentTo, SessionView, SetTitle, StartSession, Stopped, Text,
};
