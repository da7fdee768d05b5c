//! Where a session stands, and which status may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// The agent is working on a turn.
    Running,
    /// The last turn ended well.
    Completed,
    /// The last turn, or the agent itself, ended with an error.
    Failed,
    /// A person stopped it.
    Aborted,
    /// The app stopped while the session ran.
    Interrupted,
}

impl SessionStatus {
    /// Every status there is.
    pub const ALL: [Self; 5] = [Self::Running, Self::Completed, Self::Failed, Self::Aborted, Self::Interrupted];

    /// Whether the session is not running.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running)
    }

    /// Whether a session that stands at `self` may go to `next`.
    ///
    /// Only a running session can end, and only once: a completion that arrives after an abort, or
    /// the exit of a worker whose turn is over, changes nothing. Anything that ended can run again.
    pub const fn may_become(self, next: Self) -> bool {
        self.is_final() != next.is_final()
    }

    /// The name used in the database, the API and the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no status.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown session status `{0}`")]
pub struct UnknownStatus(pub String);

impl FromStr for SessionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::SessionStatus::{self, *};

    #[rstest]
    #[case::a_turn_ends(Running, Completed, true)]
    #[case::a_follow_up_starts(Failed, Running, true)]
    #[case::an_interrupted_one_resumes(Interrupted, Running, true)]
    #[case::completion_after_abort(Aborted, Completed, false)]
    #[case::worker_exit_after_completion(Completed, Failed, false)]
    #[case::interrupting_what_ended(Completed, Interrupted, false)]
    #[case::running_twice(Running, Running, false)]
    fn a_status_follows_only_where_it_may(
        #[case] now: SessionStatus,
        #[case] next: SessionStatus,
        #[case] allowed: bool,
    ) {
        assert_eq!(now.may_become(next), allowed);
    }

    #[test]
    fn names_round_trip() {
        for status in SessionStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
