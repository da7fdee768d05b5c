//! Webhooks: a notification is posted as JSON, signed as [Standard Webhooks](https://www.standardwebhooks.com)
//! says, so that receivers need no code of ours to check it.
//!
//! Only to addresses that are encrypted or on this machine; redirects are not followed; what fails for a
//! time is tried again, one after the other, so that a receiver sees them in order.

mod attempts;
mod secret;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use thiserror::Error;
use uuid::Uuid;

use super::Notification;
use super::channel::Messenger;
use crate::coder::{Endpoint, EndpointError, retry_after};
use crate::config::WebhookConfig;

pub(super) use attempts::Attempts;
use secret::Secret;
pub(crate) use secret::{SecretError, SecretFrom};

/// A receiver has this long to answer; more is for work that it should do afterwards.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The delivery's identity: the same for each attempt.
const ID: &str = "webhook-id";
/// When the attempt was made, in seconds since 1970; part of what is signed.
const TIMESTAMP: &str = "webhook-timestamp";
/// `v1,` and the signature in base64.
const SIGNATURE: &str = "webhook-signature";

/// A webhook cannot be set up.
#[derive(Debug, Error)]
pub(crate) enum WebhookError {
    /// Its address.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// Its secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The connection.
    #[error("cannot set up the connection: {0}")]
    Client(String),
}

/// Posts notifications to one address.
pub(super) struct WebhookMessenger {
    name: String,
    http: Client,
    url: Url,
    secret: Secret,
    attempts: Attempts,
}

/// An attempt that failed.
struct Failed {
    why: String,
    retry: Retry,
}

enum Retry {
    /// It would fail again.
    Never,
    /// It may work later; the receiver may have said when.
    Later(Option<Duration>),
}

impl WebhookMessenger {
    /// Connects to nothing yet. Looks variables up with `variable`.
    ///
    /// # Errors
    /// When the address is none to send to, or the secret is not there.
    pub(super) fn new(
        name: &str,
        config: &WebhookConfig,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, WebhookError> {
        let endpoint = Endpoint::parse(&config.url)?;
        let secret = Secret::read(&config.secret, variable)?;
        // Fails only when there is one already, which is as good.
        let _is_set = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder()
            .redirect(Policy::none())
            .https_only(endpoint.is_encrypted())
            .timeout(TIMEOUT)
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_local() {
            http = http.no_proxy();
        }
        if !endpoint.is_encrypted() {
            // So that no certificates are needed, nor loaded, where nothing is encrypted.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| WebhookError::Client(error.to_string()))?;
        Ok(Self { name: name.to_owned(), http, url: endpoint.into_url(), secret, attempts: Attempts::DEFAULT })
    }

    async fn attempt(&self, id: Uuid, body: &[u8]) -> Result<(), Failed> {
        let (id, timestamp) = (id.to_string(), chrono::Utc::now().timestamp().to_string());
        let signature = self.secret.sign(&id, &timestamp, body);
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(ID, id).header(TIMESTAMP, timestamp).header(SIGNATURE, signature);
        match request.body(body.to_vec()).send().await {
            Ok(response) => judge(&response),
            // Without the address, which for some services is a secret.
            Err(error) => Err(Failed { why: error.without_url().to_string(), retry: Retry::Later(None) }),
        }
    }
}

/// What the answer means; nobody reads more of it than its head.
fn judge(response: &Response) -> Result<(), Failed> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let why = if status.is_redirection() { format!("{status}: not followed") } else { status.to_string() };
    let is_passing = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY);
    let header = response.headers().get(RETRY_AFTER).and_then(|header| header.to_str().ok());
    let wanted = header.and_then(|header| retry_after(header, chrono::Utc::now().into()));
    Err(Failed { why, retry: if is_passing { Retry::Later(wanted) } else { Retry::Never } })
}

#[async_trait]
impl Messenger for WebhookMessenger {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&mut self, notification: &Notification) -> Result<(), String> {
        let body = serde_json::to_vec(notification).map_err(|error| error.to_string())?;
        let mut made = 0;
        loop {
            let Failed { why, retry } = match self.attempt(notification.id, &body).await {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            };
            made += 1;
            let wait = match retry {
                Retry::Never => None,
                Retry::Later(wanted) => self.attempts.wait_after(made, wanted),
            };
            let Some(wait) = wait else { return Err(format!("given up after attempt {made}: {why}")) };
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests;
