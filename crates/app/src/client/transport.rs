//! How a request gets to the server and its answer back: over a unix socket, or by calling the router.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;

use axum::Router;
use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::ServiceExt;

use crate::client::ClientError;

/// Where the server is.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    Socket(PathBuf),
    Router(Router),
}

/// An answer whose body is still to be read. Dropping it closes its connection.
pub(super) struct Response {
    status: StatusCode,
    body: Body,
}

enum Body {
    /// A connection moves only while somebody waits for it, so it is kept with what it carries.
    Socket(Incoming, Connection),
    Router(axum::body::Body),
}

/// What moves the bytes, until it has ended. How it ended is seen by whoever reads from it.
struct Connection(Option<Moving>);

type Moving = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

impl Transport {
    /// Sends a request on a connection of its own, and waits for the head of the answer.
    pub(super) async fn open(&self, request: Request<Full<Bytes>>) -> Result<Response, ClientError> {
        match self {
            Self::Router(router) => {
                let request = request.map(axum::body::Body::new);
                let Ok(response) = router.clone().oneshot(request).await;
                Ok(Response { status: response.status(), body: Body::Router(response.into_body()) })
            }
            Self::Socket(path) => {
                let unreachable = |error: std::io::Error| ClientError::Unreachable(error.to_string());
                let stream = UnixStream::connect(path).await.map_err(unreachable)?;
                let broken = |error: hyper::Error| ClientError::Broken(error.to_string());
                let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
                let mut connection = Connection(Some(Box::pin(connection)));
                let response = connection.drive(sender.send_request(request)).await;
                let response = response.map_err(broken)?;
                let status = response.status();
                Ok(Response { status, body: Body::Socket(response.into_body(), connection) })
            }
        }
    }
}

impl Response {
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The next piece of the body; `None` at its end. Cancellation-safe.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let frame = match &mut self.body {
                Body::Router(body) => {
                    let frame = body.frame().await.transpose();
                    frame.map_err(|error| ClientError::Broken(error.to_string()))?
                }
                Body::Socket(body, connection) => {
                    let frame = connection.drive(body.frame()).await.transpose();
                    frame.map_err(|error| ClientError::Broken(error.to_string()))?
                }
            };
            match frame.map(hyper::body::Frame::into_data) {
                None => return Ok(None),
                Some(Ok(data)) => return Ok(Some(data)),
                // Trailers say nothing to us.
                Some(Err(_)) => {}
            }
        }
    }

    /// The whole body, if it is not too large.
    pub(super) async fn collect(mut self, bytes_max: usize) -> Result<Bytes, ClientError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > bytes_max {
                return Err(ClientError::Unintelligible(format!("it has more than {bytes_max} bytes")));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}

impl Connection {
    /// Waits for something that comes through this connection.
    async fn drive<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = std::pin::pin!(wanted);
        poll_fn(|context| {
            if let Poll::Ready(it) = wanted.as_mut().poll(context) {
                return Poll::Ready(it);
            }
            if self.0.as_mut().is_some_and(|connection| connection.as_mut().poll(context).is_ready()) {
                self.0 = None;
            }
            wanted.as_mut().poll(context)
        })
        .await
    }
}
