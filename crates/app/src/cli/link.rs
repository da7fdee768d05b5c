//! How a command reaches the engine: through the daemon, or in this process when there shall be none.
//!
//! Either way it is a client of the same API, so that no command works in one way only.

use std::sync::Arc;

use switchboard_domain::{Revision, SessionId};
use tokio::task::JoinSet;

use super::signals::Signal;
use super::{Failure, Output, SAVING, Setup};
use crate::api::{Api, ApiConfig};
use crate::client::Client;
use crate::daemon::{Announcement, Place, ensure, find};
use crate::engine::ShutdownEnd;
use crate::workplace::Workplace;

/// A way to the engine.
pub(super) struct Link {
    client: Client,
    engine: Engine,
}

/// Where the engine is.
enum Engine {
    /// In another process, which outlives this command.
    Daemon(Arc<Revival>),
    /// In this process, which owns the data folder.
    Here { workplace: Workplace, api: Api },
}

/// What it takes to start a daemon again that was killed.
pub(super) struct Revival {
    setup: Setup,
    /// One attempt at a time.
    under_way: tokio::sync::Mutex<()>,
}

impl Link {
    /// A way to the engine; starts a daemon, or takes the data folder, as need be.
    ///
    /// # Errors
    /// When the daemon cannot be started, or another process owns the data folder.
    pub(super) async fn open(setup: &Setup) -> Result<Self, Failure> {
        let client = match setup {
            _ if setup.no_daemon => None,
            _ if setup.config.auto_start.value => Some(ensure(setup).await?),
            _ => find(setup).await?,
        };
        match client {
            Some(client) => Ok(Self::to(client, setup)),
            None => Self::here(setup).await,
        }
    }

    /// The daemon that runs, if one does.
    ///
    /// # Errors
    /// When it is of another version, or does not answer.
    pub(super) async fn find(setup: &Setup) -> Result<Option<Self>, Failure> {
        Ok(find(setup).await?.map(|client| Self::to(client, setup)))
    }

    fn to(client: Client, setup: &Setup) -> Self {
        let revival = Revival { setup: setup.clone(), under_way: tokio::sync::Mutex::default() };
        Self { client, engine: Engine::Daemon(Arc::new(revival)) }
    }

    async fn here(setup: &Setup) -> Result<Self, Failure> {
        let workplace = Workplace::open(setup).await?;
        let config = &setup.config;
        let api = ApiConfig {
            intent_timeout: config.limits.save_timeout.value,
            ..ApiConfig::new(config.defaults.agent.value.clone())
        };
        let api = Api::new(workplace.engine().clone(), api);
        Ok(Self { client: Client::in_process(api.router()), engine: Engine::Here { workplace, api } })
    }

    /// The client of the engine.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// The data folder, when it is in this process's hands.
    pub(super) const fn workplace(&self) -> Option<&Workplace> {
        match &self.engine {
            Engine::Here { workplace, .. } => Some(workplace),
            Engine::Daemon(_) => None,
        }
    }

    /// What it takes to start the daemon again; none when there is no daemon.
    pub(super) fn revival(&self) -> Option<Arc<Revival>> {
        match &self.engine {
            Engine::Daemon(revival) => Some(Arc::clone(revival)),
            Engine::Here { .. } => None,
        }
    }

    /// What stops agents when this process is told to end.
    pub(super) fn stopper(&self) -> Stopper {
        match &self.engine {
            Engine::Daemon(_) => Stopper::Daemon(self.client.clone()),
            Engine::Here { workplace, .. } => Stopper::Here(workplace.engine().clone()),
        }
    }

    /// Lets go of the engine; when it is in this process, everything is stopped and saved, and the last
    /// revision is given, which is on disk then.
    ///
    /// # Errors
    /// When the disk did not take everything.
    pub(super) async fn close(self, output: &mut Output) -> Result<Option<Revision>, Failure> {
        match self.engine {
            Engine::Daemon(_) => Ok(None),
            Engine::Here { workplace, api } => {
                api.end_streams();
                api.settled().await;
                drop(api);
                Ok(Some(workplace.close(|| output.remark(SAVING)).await?))
            }
        }
    }
}

impl Revival {
    /// Starts the daemon again if it was killed; one that was told to end stays ended.
    pub(super) async fn attempt(&self) {
        let Ok(_under_way) = self.under_way.try_lock() else { return };
        // A daemon that ends well takes back what it announced.
        let announcement = Place::of(self.setup.folders.data()).announcement();
        if Announcement::read(&announcement).is_none() || !self.setup.config.auto_start.value {
            return;
        }
        if let Err(error) = ensure(&self.setup).await {
            tracing::warn!(%error, "the daemon cannot be started again");
        }
    }
}

/// Stops agents when this process is told to end.
#[derive(Clone)]
pub(super) enum Stopper {
    /// Those of some sessions, in the daemon.
    Daemon(Client),
    /// All there are.
    Here(crate::engine::Engine),
}

impl Stopper {
    /// Whether agents go on after this signal: they do when they belong to a daemon and nobody decided to stop them.
    pub(super) const fn spares_agents(&self, signal: Signal) -> bool {
        matches!((self, signal), (Self::Daemon(_), Signal::Terminate | Signal::HangUp))
    }

    /// Stops the agents of `sessions`, and when the engine is in this process all others too.
    pub(super) async fn stop(self, sessions: Vec<SessionId>, signal: Signal) {
        match self {
            Self::Here(engine) => {
                let end = match signal {
                    Signal::Interrupt => ShutdownEnd::Aborted,
                    Signal::Terminate | Signal::HangUp => ShutdownEnd::Interrupted,
                };
                engine.shutdown(end).await;
            }
            Self::Daemon(client) => {
                let mut stops = JoinSet::new();
                for session in sessions {
                    let client = client.clone();
                    stops.spawn(async move {
                        if let Err(error) = client.abort(session).await {
                            tracing::debug!(%session, %error, "nothing was left to stop");
                        }
                    });
                }
                stops.join_all().await;
            }
        }
    }
}
