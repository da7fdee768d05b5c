//! What becomes of a line that an adapter does not understand.

use serde_json::Value;
use switchboard_domain::AgentEvent;

use super::Output;
use crate::{FaultKind, LineFault};

/// Why a line was not understood.
#[derive(Debug)]
pub(crate) enum Puzzle {
    /// It lacks what it needs.
    Malformed(&'static str),
    /// Nobody here knows this kind.
    Unknown(String),
}

impl Puzzle {
    /// Keeps what stood on `line` as it came: `value`, which calls itself `kind`.
    pub(crate) fn keep(self, kind: String, value: Value, line: &str, out: &mut Output) {
        let kind = match self {
            Self::Unknown(kind) => kind,
            Self::Malformed(reason) => {
                out.push_fault(LineFault::new(FaultKind::Malformed, line).because(reason));
                kind
            }
        };
        out.emit(AgentEvent::Unknown { kind, raw: value }, line.len());
    }
}
