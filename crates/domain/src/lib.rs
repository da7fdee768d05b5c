//! The pure types and rules of Switchboard, the local-first manager of AI coding agents.
//!
//! Everything Switchboard knows is made of the types here, and everything that ever happens to it is
//! a [`Change`]. The crate has no runtime, no I/O, no clock and no randomness: ids and times come in
//! as arguments, so each rule can be read, tested and replayed by itself.
//!
//! - A [`Project`] is a folder; a [`Session`] is one conversation with one agent in it; a
//!   [`Message`] is an entry of its transcript, numbered by [`Seq`].
//! - An agent speaks in [`AgentEvent`]s and listens to [`AgentCommand`]s, whatever its protocol.
//! - A [`Change`] is what happened. It is applied to memory, published to every subscriber and
//!   written to disk, each in the order of its [`Revision`].
//!
//! The rules that need nothing but their arguments live with their type: which status may follow
//! which ([`SessionStatus::may_become`]), how tool calls find their message ([`PendingToolCalls`]),
//! how a title is made ([`title_from_prompt`]).
//!
//! ```
//! use switchboard_domain::{NewSession, ProjectId, Session, SessionId, SessionStatus, Timestamp};
//! use uuid::Uuid;
//!
//! let new = NewSession {
//!     id: SessionId::new(Uuid::from_u128(1)),
//!     project_id: ProjectId::new(Uuid::from_u128(2)),
//!     agent: "builtin".into(),
//!     prompt: "Fix the build\nIt fails on CI.".into(),
//!     title: None,
//!     model: None,
//! };
//! let mut session = Session::create(new, Timestamp::from_micros(1));
//! assert_eq!(session.title, "Fix the build");
//!
//! assert!(session.status().may_become(SessionStatus::Completed));
//! session.set_status(SessionStatus::Completed, Timestamp::from_micros(2));
//! assert_eq!(session.ended_at(), Some(Timestamp::from_micros(2)));
//! // A worker that dies after its turn is over changes nothing:
//! assert!(!session.status().may_become(SessionStatus::Failed));
//! ```

mod agent_command;
mod agent_event;
mod approval;
mod change;
mod cost;
mod draft;
mod health;
mod id;
mod message;
mod project;
mod queue;
mod rate_limit;
mod revision;
mod rule;
mod session;
mod status;
mod timestamp;
mod title;
mod tool_call;
mod usage;
mod waiting;

pub use agent_command::{AgentCommand, StartSession};
pub use agent_event::AgentEvent;
pub use approval::{Answer, Approval, ApprovalEnd, ApprovalRequest, ApprovalState};
pub use change::{Change, Hydrated, Orphan, SessionChange, StoredSession};
pub use cost::Cost;
pub use draft::Draft;
pub use health::Health;
pub use id::{AgentSessionId, MessageId, ProjectId, QueuedMessageId, RequestId, SessionId, ToolCallId};
pub use message::{Message, MessageBody, Role, Seq};
pub use project::Project;
pub use queue::{Delivery, Dequeued, QueuedMessage};
pub use rate_limit::{RateLimit, RateLimitStatus};
pub use revision::Revision;
pub use rule::{Rule, RuleError, ToolKind, named_paths};
pub use session::{NewSession, Session, WorkerProcess};
pub use status::{SessionStatus, UnknownStatus};
pub use timestamp::Timestamp;
pub use title::title_from_prompt;
pub use tool_call::{PendingToolCalls, ToolCall, ToolResult, answer_tool_call};
pub use usage::Usage;
pub use waiting::{Waiting, WaitingReason};
