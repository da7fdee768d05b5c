//! The HTTP API: what every front end asks, and the stream of everything that happens.
//!
//! It holds no state of its own. Requests become orders to the engine or looks at the store, and
//! answers are JSON of the shapes in [`wire`]. It knows neither sockets (see [`serve_socket`]) nor
//! who may ask: whoever can call the router may do everything.

mod access;
mod actions;
mod document;
mod error;
mod events;
mod extract;
mod hardening;
mod metrics;
mod router;
mod schema;
mod serve;
mod starts;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{ProjectId, SessionId};
use switchboard_store::{Receipt, Refused, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::{Engine, EngineConfig};
use error::ApiError;
use events::{Encodings, OpenStreams};
use starts::Starts;
use wire::Epoch;

pub use access::Access;
pub use router::document;
pub use serve::{bind_loopback, bind_socket, serve_socket, serve_tcp};

/// The most bytes a request's body may have. A prompt is text that somebody typed or piped in.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What the API is told about the program around it.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Names this life of the store: revisions of another one mean nothing here.
    pub epoch: Epoch,
    /// The agent of sessions that name none.
    pub default_agent: String,
    /// How long what was asked for may wait for the disk.
    pub intent_timeout: Duration,
}

impl ApiConfig {
    /// A new life of the store, with this agent for sessions that name none.
    pub fn new(default_agent: impl Into<String>) -> Self {
        let intent_timeout = EngineConfig::default().intent_timeout;
        Self { epoch: Epoch::fresh(), default_agent: default_agent.into(), intent_timeout }
    }
}

/// The API of one engine. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    config: ApiConfig,
    encodings: Encodings,
    streams: OpenStreams,
    starts: Starts,
    /// What was begun is carried out, whether or not whoever asked waits for it.
    actions: TaskTracker,
    /// Tells event streams to end.
    ending: CancellationToken,
}

impl Api {
    /// The API of `engine`.
    pub fn new(engine: Engine, config: ApiConfig) -> Self {
        let inner = Inner {
            engine,
            config,
            encodings: Encodings::default(),
            streams: OpenStreams::default(),
            starts: Starts::default(),
            actions: TaskTracker::new(),
            ending: CancellationToken::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Names this life of the store.
    pub fn epoch(&self) -> Epoch {
        self.inner.config.epoch
    }

    /// Ends all event streams, after they have told everything that has happened until now.
    ///
    /// Without it a server that waits for its connections waits for ever.
    pub fn end_streams(&self) {
        self.inner.ending.cancel();
    }

    /// Waits until every order that was begun is carried out. New ones are still taken.
    pub async fn settled(&self) {
        self.inner.actions.close();
        self.inner.actions.wait().await;
    }

    fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    fn store(&self) -> &Store {
        self.inner.engine.store()
    }

    /// Does something to the end, even if whoever asked for it goes away: half an action is worse than
    /// one that nobody waits for.
    async fn carry_out<T: Send + 'static>(
        &self,
        action: impl Future<Output = Result<T, ApiError>> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.inner.actions.spawn(action).await.unwrap_or_else(|_| Err(ApiError::internal()))
    }

    /// Does something that only the store is asked for, and waits until it is on disk.
    async fn saved<T: Send + Sync + 'static>(
        &self,
        action: impl Future<Output = Result<Receipt<T>, Refused>> + Send + 'static,
    ) -> Result<T, ApiError> {
        let patience = self.inner.config.intent_timeout;
        self.carry_out(async move {
            let saved = tokio::time::timeout(patience, action.await?.durable()).await;
            saved.map_err(|_| ApiError::not_saved_yet())?.map_err(ApiError::from)
        })
        .await
    }

    fn project_exists(&self, id: ProjectId) -> Result<(), ApiError> {
        let exists = self.store().read(|state| state.project(id).is_some());
        exists.then_some(()).ok_or_else(|| Refused::ProjectNotFound.into())
    }

    fn session_view(&self, id: SessionId) -> Result<wire::SessionView, ApiError> {
        self.store().read(|state| wire::SessionView::of(state, id)).ok_or_else(ApiError::session_not_found)
    }
}
