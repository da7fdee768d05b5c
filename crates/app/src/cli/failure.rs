//! The one error of the command line: a sentence, what to do next, and an exit code.

use std::error::Error;
use std::fmt;
use std::io;

use switchboard_persistence::OpenError;
use switchboard_store::{CloseError, CommitError, HydrateError, NotSaved, ReadError, Refused};

use super::ExitCode;
use crate::agent_specs::NoProgramError;
use crate::client::ClientError;
use crate::config::{ConfigError, NoHomeError};
use crate::daemon::{MeetError, Refusal, ServeError, StopError};
use crate::session_name::SessionNameError;
use crate::setup::SetupError;
use crate::workplace::WorkplaceError;

/// Why a command did not do what was asked, in words for the person who typed it.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure that says what was attempted and why it did not work: lower case, no full stop.
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// [`Self::new`] from an error and all its causes, said once each.
    pub(crate) fn from_error(code: ExitCode, error: &dyn Error) -> Self {
        Self::new(code, chain(error))
    }

    /// Says where in a file the mistake is.
    #[must_use]
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What the shell is told.
    pub(crate) const fn code(&self) -> ExitCode {
        self.code
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, when there is something.
    pub(crate) fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The message of `error` and of its causes, leaving out what an outer message has said already.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n{hint}"))
    }
}

impl Error for Failure {}

/// Output that cannot be written. A reader that went away (`… | head`) has seen what it wanted, so
/// that is no failure: see [`Failure::is_closed_pipe`].
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(ExitCode::Ok, CLOSED_PIPE);
        }
        Self::new(ExitCode::Failure, format!("cannot write the output: {error}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let code = match error {
            ConfigError::UnknownAgent { .. } => ExitCode::NotFound,
            ConfigError::Unreadable { .. } => ExitCode::Failure,
            _ => ExitCode::Usage,
        };
        let failure = Self::new(code, error.to_string());
        error.hint().into_iter().fold(failure, Self::hint)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let code = match error {
            OpenError::Locked { .. } => ExitCode::Locked,
            _ => ExitCode::Failure,
        };
        let failure = Self::from_error(code, &error);
        match code {
            ExitCode::Locked => {
                failure.hint("wait until it is done; `ls`, `show`, `search` and `export` work meanwhile")
            }
            _ => failure,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let code = match error.code().unwrap_or_default() {
            "session_not_found"
            | "project_not_found"
            | "queued_message_not_found"
            | "approval_not_found"
            | "unknown_agent"
            | "no_such_folder" => ExitCode::NotFound,
            "name_empty" | "body_too_large" => ExitCode::Usage,
            "agent_not_started" | "not_delivered" | "delivery_unknown" => ExitCode::AgentFailed,
            _ => ExitCode::Failure,
        };
        let failure = Self::from_error(code, &error);
        match &error {
            // The API's own hints are for who speaks HTTP.
            ClientError::Refused { .. } => failure,
            _ => failure.hint("`switchboard status` says how the daemon is, `switchboard logs` what it did"),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::SessionNotFound | Refused::ProjectNotFound | Refused::QueuedMessageNotFound => ExitCode::NotFound,
            Refused::NameEmpty => ExitCode::Usage,
            _ => ExitCode::Failure,
        };
        Self::from_error(code, &refused)
    }
}

/// Errors that nothing can be done about on the command line, but to look at the database.
macro_rules! storage_failure {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::from_error(ExitCode::Failure, &error).hint("`switchboard doctor` says more about the database")
            }
        })+
    };
}

storage_failure!(ReadError, CommitError, HydrateError, CloseError, NotSaved);

impl From<NoProgramError> for Failure {
    fn from(error: NoProgramError) -> Self {
        Self::from_error(ExitCode::Failure, &error)
    }
}

impl From<NoHomeError> for Failure {
    fn from(error: NoHomeError) -> Self {
        Self::from_error(ExitCode::Failure, &error).hint("set SWITCHBOARD_HOME to the folder to use")
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::NoHome(error) => error.into(),
            SetupError::Config(error) => error.into(),
        }
    }
}

impl From<WorkplaceError> for Failure {
    fn from(error: WorkplaceError) -> Self {
        match error {
            WorkplaceError::Open(error) => error.into(),
            WorkplaceError::Hydrate(error) => error.into(),
            WorkplaceError::NoProgram(error) => error.into(),
            WorkplaceError::Refused(error) => error.into(),
            WorkplaceError::Notify(error) => Self::from_error(ExitCode::Usage, &error),
            WorkplaceError::Close(error) => error.into(),
        }
    }
}

impl From<MeetError> for Failure {
    fn from(error: MeetError) -> Self {
        match error {
            MeetError::Refused(refusal) => refusal.into(),
            MeetError::OtherVersion(_) => Self::from_error(ExitCode::Failure, &error).hint(
                "`switchboard up` replaces it; its agents are interrupted, and `switchboard resume` goes on with them",
            ),
            _ => Self::from_error(ExitCode::Failure, &error).hint("`switchboard logs` says more about the daemon"),
        }
    }
}

/// What the daemon said when it refused to start, as if it had been said here.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = ExitCode::ALL.into_iter().find(|code| code.number() == refusal.code);
        let failure = Self::new(code.unwrap_or(ExitCode::Failure), refusal.message);
        refusal.hint.into_iter().fold(failure, Self::hint)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Workplace(error) => error.into(),
            ServeError::NotLoopback(_) => Self::from_error(ExitCode::Usage, &error),
            _ => Self::from_error(ExitCode::Failure, &error),
        }
    }
}

impl From<StopError> for Failure {
    fn from(error: StopError) -> Self {
        match error {
            StopError::Meet(error) => error.into(),
            StopError::Folder(error) => error.into(),
            StopError::NoDaemon(_) => Self::from_error(ExitCode::Locked, &error).hint("wait until it is done"),
            StopError::Stuck { pid } => {
                let hint = format!("`kill -9 {pid}` ends it; the next start ends what is left of its agents");
                Self::from_error(ExitCode::Failure, &error).hint(hint)
            }
            StopError::NotTold(_) => Self::from_error(ExitCode::Failure, &error),
        }
    }
}

impl From<SessionNameError> for Failure {
    fn from(error: SessionNameError) -> Self {
        let (code, hint) = match error {
            SessionNameError::NoSessions => (ExitCode::NotFound, "`switchboard run PROMPT` starts one"),
            SessionNameError::NotFound { .. } => (ExitCode::NotFound, "`switchboard ls` lists what there is"),
            SessionNameError::Ambiguous { .. } => (ExitCode::Usage, "use more of the id"),
        };
        Self::new(code, error.to_string()).hint(hint)
    }
}

const CLOSED_PIPE: &str = "the reader of the output went away";

impl Failure {
    /// Whether all that happened is that the reader of the output went away.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        self.code == ExitCode::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the door: {reason}")]
    struct Outer {
        reason: String,
        #[source]
        cause: io::Error,
    }

    #[test]
    fn causes_are_said_once() {
        let error = Outer { reason: "it is locked".into(), cause: io::Error::other("it is locked") };
        assert_eq!(Failure::from_error(ExitCode::Failure, &error).message(), "cannot open the door: it is locked");
        let error = Outer { reason: "it is locked".into(), cause: io::Error::other("no key") };
        let failure = Failure::from_error(ExitCode::Failure, &error);
        assert_eq!(failure.message(), "cannot open the door: it is locked: no key");
    }

    #[test]
    fn a_closed_pipe_is_not_a_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_closed_pipe());
        assert!(!Failure::from(io::Error::other("disk full")).is_closed_pipe());
    }
}
