//! What a session waits for before its agent may begin.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A session has something for its agent, and the agent may not have it yet.
///
/// Its prompt is in its transcript, and the session is `running`; or it is the first of its queue, and
/// the session stands where its last turn left it. Known in memory only: a restart ends the waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What for.
    #[serde(flatten)]
    pub reason: WaitingReason,
    /// Since when it is in line.
    pub since: Timestamp,
}

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum WaitingReason {
    /// As many agents work as may at once.
    Slot,
    /// One more agent would need more memory than there may be in use.
    Memory,
    /// The agent's account is exhausted.
    RateLimit {
        /// The account, as the configuration calls it.
        account: String,
        /// When it is tried again.
        until: Timestamp,
    },
    /// The agent's account was exhausted, and another session finds out whether it still is.
    Probe {
        /// The account, as the configuration calls it.
        account: String,
    },
}

/// For a person, without the time, which is shown in the person's own zone.
impl fmt::Display for WaitingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot => f.write_str("waits for a free slot"),
            Self::Memory => f.write_str("waits for free memory"),
            Self::RateLimit { account, .. } => write!(f, "waits: the account `{account}` is exhausted"),
            Self::Probe { account } => write!(f, "waits: whether the account `{account}` works again is being tried"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_flat_and_round_trips() {
        let (account, at) = ("claude".to_owned(), Timestamp::from_micros(0));
        let waiting = Waiting { reason: WaitingReason::RateLimit { account, until: at }, since: at };
        let json = serde_json::to_value(&waiting).expect("serializes");
        assert_eq!(json["reason"], "rate_limit");
        assert_eq!(json["until"], "1970-01-01T00:00:00.000000Z");
        assert_eq!(serde_json::from_value::<Waiting>(json).expect("parses"), waiting);
    }
}
