//! Asks an endpoint and reads what it answers.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use thiserror::Error as ThisError;

use super::retry::retry_after;
use super::settings::Settings;
use super::trouble::{Refusal, Trouble};
use super::wire::{Answer, Api, EventSplitter, Piece, Question, StreamError, StreamReader};

/// A server that does not even accept a connection in this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Between two pieces of an answer. A model on a small machine takes minutes to read a long conversation.
const SILENCE_MAX: Duration = Duration::from_mins(10);

/// No honest answer is longer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Of a refusal, enough to find its reason.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

/// The client cannot be set up.
#[derive(Debug, ThisError)]
#[error("cannot set up the connection to the model's endpoint: {0}")]
pub(super) struct ClientError(String);

/// A connection to an endpoint.
#[derive(Debug)]
pub(super) struct ModelClient {
    http: Client,
    url: Url,
    api: Api,
    headers: HeaderMap,
    key_variable: Option<String>,
}

impl ModelClient {
    /// Connects to nothing yet.
    pub(super) fn new(settings: &Settings) -> Result<Self, ClientError> {
        // Fails only when there is one already, which is as good.
        let _is_set = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder()
            .redirect(Policy::none())
            .https_only(settings.endpoint.is_encrypted())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_MAX)
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")));
        if settings.endpoint.is_local() {
            http = http.no_proxy();
        }
        if !settings.endpoint.is_encrypted() {
            // So that no certificates are needed, nor loaded, where nothing is encrypted.
            http = http.tls_certs_only([]);
        }
        Ok(Self {
            http: http.build().map_err(|error| ClientError(chain(&error)))?,
            url: settings.endpoint.url(settings.api),
            api: settings.api,
            headers: headers(settings)?,
            key_variable: settings.key.as_ref().map(|key| key.variable.clone()),
        })
    }

    /// Asks, and returns what then comes in.
    ///
    /// # Errors
    /// When there is no answer, or none that could be understood.
    ///
    /// # Cancellation
    /// Safe: the connection is closed, which makes most endpoints stop.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Incoming, Trouble> {
        let body = self.api.body(question).to_string();
        let request = self.http.post(self.url.clone()).headers(self.headers.clone()).body(body);
        let mut response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(self.refusal(&mut response).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // One that says nothing may still be right.
        if !kind.is_empty() && !kind.starts_with("text/event-stream") {
            return Err(Trouble::Stream(StreamError::Malformed {
                sample: format!("{kind} instead of text/event-stream"),
            }));
        }
        Ok(Incoming { response, splitter: EventSplitter::default(), reader: self.api.reader(), bytes: 0 })
    }

    async fn refusal(&self, response: &mut Response) -> Trouble {
        let mut body = Vec::new();
        // What there is of the body helps, but is not needed.
        while body.len() < REFUSAL_BYTES_MAX
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES_MAX - body.len())]);
        }
        let header = response.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
        Trouble::refused(&Refusal {
            status: response.status().as_u16(),
            retry_after: header.and_then(|header| retry_after(header, chrono::Utc::now().into())),
            body: &String::from_utf8_lossy(&body),
            key_variable: self.key_variable.as_deref(),
        })
    }
}

/// An answer that is coming in.
pub(super) struct Incoming {
    response: Response,
    splitter: EventSplitter,
    reader: Box<dyn StreamReader>,
    bytes: usize,
}

impl Incoming {
    /// Waits for what comes next; `None` when the answer is finished.
    ///
    /// # Errors
    /// When it breaks off; what has come so far is in [`Self::into_answer`].
    ///
    /// # Cancellation
    /// Safe: nothing is lost with a dropped call.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Piece>>, Trouble> {
        if self.reader.is_finished() {
            return Ok(None);
        }
        let Some(chunk) = self.response.chunk().await.map_err(|_| StreamError::Cut)? else {
            return if self.reader.may_end() { Ok(None) } else { Err(StreamError::Cut.into()) };
        };
        self.bytes += chunk.len();
        if self.bytes > ANSWER_BYTES_MAX {
            return Err(StreamError::TooLong { bytes_max: ANSWER_BYTES_MAX }.into());
        }
        let mut pieces = Vec::new();
        for event in self.splitter.push(&chunk)? {
            if !self.reader.is_finished() {
                pieces.extend(self.reader.read(&event)?);
            }
        }
        Ok(Some(pieces))
    }

    /// What has come so far.
    pub(super) fn into_answer(self) -> Answer {
        self.reader.into_answer()
    }
}

fn headers(settings: &Settings) -> Result<HeaderMap, ClientError> {
    let key = settings.key.as_ref().map(super::settings::Key::expose);
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for (name, value) in settings.api.headers(key) {
        // The value is not told: it may be the key.
        let mut value = HeaderValue::from_str(&value).map_err(|_| ClientError(format!("no value for `{name}`")))?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Without the address, whose query may hold a secret.
fn unreachable(error: reqwest::Error) -> Trouble {
    Trouble::Unreachable(chain(&error.without_url()))
}

/// An error with its causes: the outermost of this library says nothing.
fn chain(error: &reqwest::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}
