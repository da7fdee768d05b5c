//! The Rust client of the API: what every front end talks through, with a socket in between or not.

mod error;
mod event_reader;
mod listener;
mod looks;
mod mirror;
mod query;
mod requests;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::wire::ErrorBody;
use transport::{Response, Transport};

pub use error::ClientError;
pub use mirror::{Mirror, Seen, Watch};

/// How long an answer may take. Stopping an agent takes longest, and is bounded well below this.
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

/// The most bytes an answer may have; an export of a very long transcript is the largest.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Stands for the server where HTTP wants a name: there is none on a socket.
const HOST_NAME: &str = "switchboard";

/// A client of the API. Cheap to clone; holds no connection.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
}

impl Client {
    /// A client of the server at a unix socket. Does not connect yet.
    pub fn over_socket(path: impl Into<PathBuf>) -> Self {
        Self { transport: Transport::Socket(path.into()) }
    }

    /// A client that calls the router of this process, without any connection.
    pub fn in_process(router: Router) -> Self {
        Self { transport: Transport::Router(router) }
    }

    /// Whether the server is another process, which may go away and come back.
    pub(crate) const fn is_remote(&self) -> bool {
        matches!(self.transport, Transport::Socket(_))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.order(Method::GET, path).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T, ClientError> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Asks for something that needs no more words than its path.
    async fn order<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, ClientError> {
        self.ask(method, path, None::<&()>).await
    }

    /// Asks, and reads the answer as JSON.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, ClientError> {
        let bytes = self.bytes(method, path, body).await?;
        // What has no content reads as nothing.
        let json = if bytes.is_empty() { b"null" } else { &bytes[..] };
        serde_json::from_slice(json).map_err(|error| ClientError::Unintelligible(error.to_string()))
    }

    async fn bytes(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Bytes, ClientError> {
        let request = request(method, path, body)?;
        let answered = async {
            let response = self.transport.open(request).await?;
            accepted(response).await?.collect(ANSWER_BYTES_MAX).await
        };
        tokio::time::timeout(ANSWER_PATIENCE, answered).await.unwrap_or(Err(ClientError::TimedOut))
    }
}

fn request(method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Request<Full<Bytes>>, ClientError> {
    let invalid = |error: String| ClientError::Unintelligible(error);
    let builder = Request::builder().method(method).uri(path).header(HOST, HOST_NAME);
    let request = match body {
        Some(body) => {
            let json = serde_json::to_vec(body).map_err(|error| invalid(error.to_string()))?;
            builder.header(CONTENT_TYPE, "application/json").body(Full::from(json))
        }
        None => builder.body(Full::default()),
    };
    request.map_err(|error| invalid(error.to_string()))
}

/// The answer, unless it is an error.
async fn accepted(response: Response) -> Result<Response, ClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.collect(ANSWER_BYTES_MAX).await?;
    let unintelligible = || ClientError::Unintelligible(format!("the server answered {status}"));
    let ErrorBody { error } = serde_json::from_slice(&body).map_err(|_| unintelligible())?;
    Err(ClientError::Refused { status: status.as_u16(), code: error.code, message: error.message, hint: error.hint })
}
