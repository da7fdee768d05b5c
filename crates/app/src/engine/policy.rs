//! Who answers when an agent asks.

use switchboard_domain::Answer;

/// Who answers when an agent asks for approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// A person.
    #[default]
    Ask,
    /// Switchboard, with yes.
    AllowAll,
    /// Switchboard, with no.
    DenyAll,
}

impl ApprovalPolicy {
    /// The answer to give without asking anybody.
    pub const fn answer(self) -> Option<Answer> {
        match self {
            Self::Ask => None,
            Self::AllowAll => Some(Answer::ALLOW),
            Self::DenyAll => Some(Answer::Deny),
        }
    }
}
