//! Serving the API on a listener: one task for each connection, all of them bounded, and an end that
//! does not wait for anybody.

mod patience;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use patience::Patient;

pub use socket::bind_socket;

/// Connections at a time; others wait to be accepted. A thousand listeners, and room for their requests.
const CONNECTIONS_MAX: usize = 2_048;

/// How long a client may take to say what it wants.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a connection held in memory, in each direction.
const CONNECTION_BYTES: usize = 64 << 10;

/// How long connections may take to end at a shutdown.
const DRAIN: Duration = Duration::from_secs(2);

/// How long to wait after a connection could not be accepted: most likely there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a unix socket until `shutdown`, then ends within two seconds. Only processes of the same
/// user are let in.
///
/// Event streams must be told to end as well, see [`Api::end_streams`](crate::api::Api::end_streams).
pub async fn serve_socket(listener: UnixListener, router: Router, shutdown: CancellationToken) {
    serve(Socket(listener), router, shutdown).await;
}

/// Serves TCP until `shutdown`, then ends within two seconds. The router must be behind an
/// [`Access`](crate::api::Access): everybody on this machine can connect.
pub async fn serve_tcp(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve(listener, router, shutdown).await;
}

/// A listener that only this machine can reach.
///
/// # Errors
/// When the address is not a loopback address, or cannot be bound.
pub async fn bind_loopback(address: SocketAddr) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let what = format!("{address} can be reached from other machines");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    TcpListener::bind(address).await
}

/// Where connections come in. Whoever may not come in is turned away before a word is read.
trait Door: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection. Cancellation-safe.
    fn accept(&self) -> impl Future<Output = Self::Stream> + Send;
}

struct Socket(UnixListener);

impl Door for Socket {
    type Stream = UnixStream;

    async fn accept(&self) -> UnixStream {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) if socket::is_ours(&stream) => return stream,
                Ok(_) => tracing::warn!("a process of another user was turned away"),
                Err(error) => pause_after(&error).await,
            }
        }
    }
}

impl Door for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> TcpStream {
        loop {
            match Self::accept(self).await {
                Ok((stream, peer)) if peer.ip().is_loopback() => {
                    // Small events must not wait for more to come; a connection without it works as well.
                    let _ = stream.set_nodelay(true);
                    return stream;
                }
                Ok((_, peer)) => tracing::warn!(%peer, "another machine was turned away"),
                Err(error) => pause_after(&error).await,
            }
        }
    }
}

async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn serve(door: impl Door, router: Router, shutdown: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < CONNECTIONS_MAX;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => {}
            stream = door.accept(), if has_room => {
                connections.spawn(connection(stream, router.clone(), shutdown.clone()));
            }
        }
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections did not end in time and were closed");
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    shutdown: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_PATIENCE).max_buf_size(CONNECTION_BYTES);
    let mut connection =
        std::pin::pin!(http.serve_connection(TokioIo::new(Patient::new(stream)), TowerToHyperService::new(router)));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
