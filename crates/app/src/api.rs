//! The HTTP API: what every front end asks, and the stream of everything that happens.
//!
//! It holds no state of its own. Requests become orders to the engine or looks at the store, and
//! answers are JSON of the shapes in [`wire`]. It knows neither sockets (see [`serve_socket`]) nor
//! who may ask: whoever can call the router may do everything.

mod actions;
mod error;
mod events;
mod extract;
mod router;
mod serve;
mod starts;
pub mod wire;

use std::sync::Arc;

use switchboard_domain::SessionId;
use switchboard_store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::Engine;
use error::ApiError;
use events::Encodings;
use starts::Starts;
use wire::Epoch;

pub use serve::{bind_socket, serve_socket};

/// The most bytes a request's body may have. A prompt is text that somebody typed or piped in.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What the API is told about the program around it.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Names this life of the store: revisions of another one mean nothing here.
    pub epoch: Epoch,
    /// The agent of sessions that name none.
    pub default_agent: String,
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

    fn session_view(&self, id: SessionId) -> Result<wire::SessionView, ApiError> {
        self.store().read(|state| wire::SessionView::of(state, id)).ok_or_else(ApiError::session_not_found)
    }
}
