//! What can be wrong with an answer that began well.

use thiserror::Error;

/// Of what cannot be understood, enough to recognise it.
const SAMPLE_CHARS_MAX: usize = 120;

/// Why there is no finished answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::coder) enum StreamError {
    /// The connection ended before the answer did.
    #[error("the answer was cut off")]
    Cut,
    /// Nothing that the format allows.
    #[error("the endpoint answered something that is not in its format: {sample}")]
    Malformed {
        /// The beginning of it.
        sample: String,
    },
    /// More than any honest answer.
    #[error("the answer is too long: more than {bytes_max} bytes")]
    TooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// The endpoint took its answer back.
    #[error("the endpoint broke its answer off: {message}")]
    Failed {
        /// Its words.
        message: String,
        /// Whether the same question may well be answered in a moment.
        is_passing: bool,
    },
}

impl StreamError {
    /// For something that is not in the format.
    pub(super) fn malformed(found: &str) -> Self {
        Self::Malformed { sample: found.chars().take(SAMPLE_CHARS_MAX).collect() }
    }

    /// For an error event with this `kind` and `message`.
    pub(super) fn failed(kind: &str, message: &str) -> Self {
        const PASSING: [&str; 6] = [
            "overloaded_error",
            "api_error",
            "rate_limit_error",
            "rate_limit_exceeded",
            "server_error",
            "timeout_error",
        ];
        let message = match (kind, message) {
            ("", "") => "it gave no reason".to_owned(),
            (kind, "") => kind.to_owned(),
            ("", message) => message.to_owned(),
            (kind, message) => format!("{message} ({kind})"),
        };
        Self::Failed { message, is_passing: PASSING.contains(&kind) }
    }
}
