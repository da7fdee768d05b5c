//! Why something asked for did not happen, as far as a client can know.

use thiserror::Error;

/// Why something asked for did not happen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The server refused, or could not do it.
    #[error("{message}")]
    Refused {
        /// The status of the HTTP answer.
        status: u16,
        /// For programs; see the API's documentation.
        code: String,
        /// For people.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// There is no connection: nothing was asked.
    #[error("cannot reach switchboard: {0}")]
    Unreachable(String),
    /// The connection broke after something was asked: it may have been done or not.
    #[error("the connection to switchboard broke: {0}")]
    Broken(String),
    /// Nothing was heard for too long: it may be done or not.
    #[error("switchboard did not answer in time")]
    TimedOut,
    /// The answer makes no sense; the server is of another version, or something else.
    #[error("cannot make sense of switchboard's answer: {0}")]
    Unintelligible(String),
}

impl ClientError {
    /// The API's code, when the server answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What to do about it, when the server says.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}
