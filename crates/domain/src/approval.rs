//! Tool calls that wait for a yes or no.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RequestId, SessionId, Timestamp};

/// What an agent asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// The agent's name for the request.
    pub request_id: RequestId,
    /// The tool it wants to use.
    pub tool_name: String,
    /// What it wants to give it, unabridged.
    pub input: Value,
    /// Rules the agent offers to remember, in its own format; handed back untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestions: Option<Value>,
}

/// A yes or no.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Answer {
    /// The tool may run.
    Allow {
        /// Those of the agent's suggestions that were accepted, in its own format.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        updated_permissions: Option<Value>,
    },
    /// The tool must not run.
    Deny,
}

impl Answer {
    /// A yes to this one call.
    pub const ALLOW: Self = Self::Allow { updated_permissions: None };

    /// Whether it is a yes.
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Where an approval stands. Only a pending one can change, and only once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ApprovalState {
    /// Waits for an answer.
    Pending,
    /// Answered by a person or a rule.
    Answered {
        /// The yes or no.
        answer: Answer,
        /// When.
        at: Timestamp,
    },
    /// Withdrawn: the turn was aborted, or the agent took it back.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// The agent that asked is gone.
    Expired {
        /// When.
        at: Timestamp,
    },
}

/// Why an approval ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalEnd {
    /// Withdrawn: the turn was aborted, or the agent took it back.
    Cancelled,
    /// The agent that asked is gone.
    Expired,
}

/// A tool call that waits for a yes or no, or did. Keyed by session *and* request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The session whose agent asks.
    pub session_id: SessionId,
    /// What it asks for.
    #[serde(flatten)]
    pub request: ApprovalRequest,
    /// When it asked.
    pub requested_at: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ApprovalState,
}

impl Approval {
    /// A request that has just come in.
    pub const fn new(session_id: SessionId, request: ApprovalRequest, requested_at: Timestamp) -> Self {
        Self { session_id, request, requested_at, state: ApprovalState::Pending }
    }

    /// Whether it waits for an answer.
    pub const fn is_pending(&self) -> bool {
        matches!(self.state, ApprovalState::Pending)
    }
}

impl ApprovalState {
    /// The state of an approval that ended without an answer.
    pub const fn ended(end: ApprovalEnd, at: Timestamp) -> Self {
        match end {
            ApprovalEnd::Cancelled => Self::Cancelled { at },
            ApprovalEnd::Expired => Self::Expired { at },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_flat_and_round_trips() {
        let request = ApprovalRequest {
            request_id: RequestId::new("apr_1"),
            tool_name: "Bash".into(),
            input: serde_json::json!({"command": "ls"}),
            suggestions: None,
        };
        let mut approval = Approval::new(SessionId::new(uuid::Uuid::nil()), request, Timestamp::from_micros(0));
        approval.state = ApprovalState::Answered { answer: Answer::ALLOW, at: Timestamp::from_micros(1) };
        let json = serde_json::to_value(&approval).expect("serializes");
        assert_eq!(json["state"], "answered");
        assert_eq!(json["answer"]["decision"], "allow");
        assert_eq!(serde_json::from_value::<Approval>(json).expect("parses"), approval);
    }
}
