//! What the program tells the shell when it ends.

/// How a command ended, as scripts see it. The numbers are part of the interface and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// It did what was asked.
    Ok = 0,
    /// Something went wrong that no other code names.
    Failure = 1,
    /// The command line, the environment or the configuration makes no sense.
    Usage = 2,
    /// The session, project, queued message or agent that was named does not exist.
    NotFound = 3,
    /// A question came up and nobody is there to answer it.
    NeedsAnswer = 4,
    /// The agent failed; what it said until then is kept.
    AgentFailed = 5,
    /// Another process owns the data folder (`EX_TEMPFAIL`: try again later).
    Locked = 75,
    /// What was waited for did not come in time (as `timeout` of coreutils says it).
    TimedOut = 124,
    /// Ctrl-C (128 + `SIGINT`).
    Interrupted = 130,
}

impl ExitCode {
    /// Every code there is, in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Ok,
        Self::Failure,
        Self::Usage,
        Self::NotFound,
        Self::NeedsAnswer,
        Self::AgentFailed,
        Self::Locked,
        Self::TimedOut,
        Self::Interrupted,
    ];

    /// The number the shell sees.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// What it means, in the words of the help text and the documentation.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Failure => "something went wrong",
            Self::Usage => "bad usage or configuration",
            Self::NotFound => "no such session, project, message or agent",
            Self::NeedsAnswer => "a question came up and nobody was there to answer it",
            Self::AgentFailed => "the agent failed",
            Self::Locked => "another process owns the data folder",
            Self::TimedOut => "what was waited for did not come in time",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_documented_ones() {
        assert_eq!(ExitCode::ALL.map(ExitCode::number), [0, 1, 2, 3, 4, 5, 75, 124, 130]);
    }
}
