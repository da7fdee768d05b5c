//! What can go wrong between us and an endpoint, and what is to be done about it.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use super::wire::StreamError;

/// Of an endpoint's explanation, what a person can take in.
const REASON_CHARS_MAX: usize = 500;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    /// The key is wrong, or there is none.
    #[error("the endpoint refuses the key (status {status}): {reason}; {advice}")]
    Unauthorized {
        /// 401 or 403.
        status: u16,
        /// The endpoint's words.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// Too much was asked lately.
    #[error("the endpoint's rate limit is reached: {reason}")]
    RateLimited {
        /// The endpoint's words.
        reason: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The endpoint has trouble of its own.
    #[error("the endpoint is in trouble (status {status}): {reason}")]
    Server {
        /// 5xx, or 408.
        status: u16,
        /// The endpoint's words.
        reason: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The question makes no sense to the endpoint.
    #[error("the endpoint refuses the request (status {status}): {reason}")]
    Refused {
        /// Any other status.
        status: u16,
        /// The endpoint's words.
        reason: String,
    },
    /// No connection, or one that ended too early.
    #[error("cannot reach the endpoint: {0}")]
    Unreachable(String),
    /// An answer that began well.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// What an answer's head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal<'a> {
    /// The HTTP status.
    pub(super) status: u16,
    /// What the `retry-after` header says.
    pub(super) retry_after: Option<Duration>,
    /// The beginning of the body.
    pub(super) body: &'a str,
    /// The variable that holds the key.
    pub(super) key_variable: Option<&'a str>,
}

impl Trouble {
    /// What a status other than success means.
    pub(super) fn refused(refusal: &Refusal<'_>) -> Self {
        let Refusal { status, retry_after, body, key_variable } = *refusal;
        let reason = reason(body);
        match status {
            401 | 403 => Self::Unauthorized { status, reason, advice: advice(key_variable) },
            429 => Self::RateLimited { reason, retry_after },
            408 | 500..=599 => Self::Server { status, reason, retry_after },
            300..=399 => {
                let reason = "it leads elsewhere, which is not followed; give the address it leads to".to_owned();
                Self::Refused { status, reason }
            }
            _ => Self::Refused { status, reason },
        }
    }

    /// Whether the same question may well be answered in a moment.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Server { .. } | Self::Unreachable(_) | Self::Stream(StreamError::Cut) => {
                true
            }
            Self::Stream(StreamError::Failed { is_passing, .. }) => *is_passing,
            Self::Unauthorized { .. } | Self::Refused { .. } | Self::Stream(_) => false,
        }
    }

    /// How long the endpoint wants to be left alone, if it says.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn advice(key_variable: Option<&str>) -> String {
    match key_variable {
        Some(name) => format!("put a valid key into the variable {name}"),
        None => "name the variable that holds the key: `key_env` in config.toml, or --key-env".to_owned(),
    }
}

/// The explanation in an error's body, in whichever form.
fn reason(body: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let told = json.as_ref().and_then(|json| {
        let error = &json["error"];
        [&error["message"], error, &json["message"], &json["detail"]].into_iter().find_map(Value::as_str)
    });
    let told = told.unwrap_or(body).trim();
    if told.is_empty() { "it gives no reason".to_owned() } else { told.chars().take(REASON_CHARS_MAX).collect() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn trouble(status: u16, body: &str) -> Trouble {
        Trouble::refused(&Refusal { status, retry_after: None, body, key_variable: Some("MY_KEY") })
    }

    #[rstest]
    #[case::key(401, false)]
    #[case::forbidden(403, false)]
    #[case::limit(429, true)]
    #[case::broken(500, true)]
    #[case::overloaded(529, true)]
    #[case::elsewhere(302, false)]
    #[case::nonsense(400, false)]
    #[case::no_such_model(404, false)]
    fn only_what_passes_is_tried_again(#[case] status: u16, #[case] is_passing: bool) {
        assert_eq!(trouble(status, "").is_passing(), is_passing);
    }

    #[rstest]
    #[case::provider(r#"{"error":{"message":"no such model"}}"#, "no such model")]
    #[case::plain_error(r#"{"error":"no such model"}"#, "no such model")]
    #[case::detail(r#"{"detail":"no such model"}"#, "no such model")]
    #[case::text("no such model\n", "no such model")]
    #[case::nothing("", "it gives no reason")]
    fn the_endpoint_s_reason_is_told(#[case] body: &str, #[case] reason: &str) {
        assert!(trouble(404, body).to_string().ends_with(reason));
    }

    #[test]
    fn a_refused_key_is_told_by_the_name_of_its_variable() {
        assert!(trouble(401, "").to_string().contains("put a valid key into the variable MY_KEY"));
    }
}
