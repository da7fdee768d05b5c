//! Who answers when an agent asks.

use switchboard_domain::{Answer, ApprovalRequest};

/// Tools that change files and do nothing else, in the words of the agents that are known.
const EDIT_TOOLS: [&str; 9] =
    ["edit", "write", "multiedit", "notebookedit", "apply_patch", "file_change", "filechange", "delete", "move"];

/// Who answers when an agent asks for approval, unless a remembered rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// A person.
    #[default]
    Ask,
    /// A person; but changing files needs no question.
    AllowEdits,
    /// Switchboard, with yes.
    AllowAll,
    /// Switchboard, with no.
    DenyAll,
}

impl ApprovalPolicy {
    /// The answer to give without asking anybody.
    pub fn answer(self, request: &ApprovalRequest) -> Option<Answer> {
        match self {
            Self::AllowEdits if is_edit(&request.tool_name) => Some(Answer::ALLOW),
            Self::Ask | Self::AllowEdits => None,
            Self::AllowAll => Some(Answer::ALLOW),
            Self::DenyAll => Some(Answer::Deny),
        }
    }
}

fn is_edit(tool: &str) -> bool {
    EDIT_TOOLS.iter().any(|edit| edit.eq_ignore_ascii_case(tool))
}
