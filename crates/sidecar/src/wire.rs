//! The messages of the native protocol, for both of its ends.
//!
//! One JSON object a line, UTF-8, ended by `\n`, with the message's name in `type` and its fields in
//! camel case. Readers ignore fields they do not know; an optional field that makes no sense counts as
//! absent, so that a sloppy cost never costs a completion.
//!
//! ```
//! use switchboard_sidecar::wire::Incoming;
//!
//! let line = r#"{"type":"tool_approval_response","requestId":"apr_1","allowed":true,"new":"field"}"#;
//! let message: Incoming = serde_json::from_str(line)?;
//! assert!(matches!(message, Incoming::ToolApprovalResponse { allowed: true, .. }));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod incoming;
mod lenient;
mod outgoing;

pub use incoming::Incoming;
pub(crate) use lenient::{moment, rate_limit_status};
pub(crate) use outgoing::OUTGOING_NAMES;
pub use outgoing::{Outgoing, WireToolCall, WireUsage};
