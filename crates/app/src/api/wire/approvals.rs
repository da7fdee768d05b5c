//! Approvals and who answers them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::{Answer, RequestId, Rule};
use utoipa::ToSchema;

use crate::engine::ApprovalPolicy;

/// Who answers when a session's agent asks for approval, unless a remembered rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// A person.
    #[default]
    Ask,
    /// A person; but changing files of the project needs no question.
    Edits,
    /// Switchboard, with yes.
    All,
    /// Switchboard, with no.
    None,
}

impl From<Policy> for ApprovalPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Ask => Self::Ask,
            Policy::Edits => Self::AllowEdits,
            Policy::All => Self::AllowAll,
            Policy::None => Self::DenyAll,
        }
    }
}

impl From<ApprovalPolicy> for Policy {
    fn from(policy: ApprovalPolicy) -> Self {
        match policy {
            ApprovalPolicy::Ask => Self::Ask,
            ApprovalPolicy::AllowEdits => Self::Edits,
            ApprovalPolicy::AllowAll => Self::All,
            ApprovalPolicy::DenyAll => Self::None,
        }
    }
}

/// Sets who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// Who does from now on.
    pub policy: Policy,
}

/// A yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The tool may run.
    Allow,
    /// The tool must not run.
    Deny,
}

/// An answer to an approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerApproval {
    /// Which request of the session. In the body since it is the agent's own text.
    #[schema(value_type = String)]
    pub request_id: RequestId,
    /// The yes or no.
    pub decision: Decision,
    /// Those of the agent's suggestions that were accepted, in its own format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_permissions: Option<Value>,
    /// A rule for its project, such as `Bash(cargo test*)`: what it covers needs no question from now
    /// on. Only with a yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub remember: Option<Rule>,
}

impl AnswerApproval {
    /// A yes or no to a request.
    pub const fn new(request_id: RequestId, decision: Decision) -> Self {
        Self { request_id, decision, updated_permissions: None, remember: None }
    }

    /// The answer as the engine takes it.
    pub(crate) fn answer(&self) -> Answer {
        match self.decision {
            Decision::Allow => Answer::Allow { updated_permissions: self.updated_permissions.clone() },
            Decision::Deny => Answer::Deny,
        }
    }
}
