//! The data folder while this process owns it: database, store and engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::Revision;
use switchboard_persistence::{DataFolder, OpenError, SqlitePersistence};
use switchboard_sidecar::ProcessLauncher;
use switchboard_store::{CloseError, HydrateError, Refused, Store, StoreConfig};
use thiserror::Error;

use crate::agent_specs::{NoProgramError, agent_specs};
use crate::engine::{AgentBook, Engine, EngineConfig, ShutdownEnd, recover};
use crate::notify::{Dispatch, NotifyError};
use crate::setup::Setup;

/// How long the disk may take for what is left to save at the end. What is lost after that was
/// never acknowledged.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who only looks at the lock holds it for microseconds; a second look tells them from an owner.
const LOCK_RETRIES: u32 = 5;
const LOCK_RETRY_AFTER: Duration = Duration::from_millis(10);

/// In the data folder, where agents with an endpoint keep their conversations.
const CODER_MEMORY: &str = "coder";

/// Whoever closes and still waits after this wants to know for what.
const SLOW_AFTER: Duration = Duration::from_millis(500);

/// How long notifications that wait may take at the end; a receiver that is down must not hold up the shell.
const NOTIFY_PATIENCE: Duration = Duration::from_secs(3);

/// The data folder while this process owns it.
pub(crate) struct Workplace {
    engine: Engine,
    launcher: ProcessLauncher,
    dispatch: Arc<Dispatch>,
}

/// Why a data folder could not be worked in.
#[derive(Debug, Error)]
pub(crate) enum WorkplaceError {
    /// Another process owns it, or the database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is in it cannot be read.
    #[error(transparent)]
    Hydrate(#[from] HydrateError),
    /// The built-in agent cannot be started.
    #[error(transparent)]
    NoProgram(#[from] NoProgramError),
    /// Notifications cannot be set up as configured.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// The store refused something.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The disk did not take everything in the end.
    #[error(transparent)]
    Close(#[from] CloseError),
}

impl Workplace {
    /// Takes the data folder, ends what a predecessor left running, and reads what is there.
    ///
    /// # Errors
    /// When another process owns the folder, or the database cannot be used.
    pub(crate) async fn open(setup: &Setup) -> Result<Self, WorkplaceError> {
        let database = SqlitePersistence::open(lock(setup.folders.data()).await?).await?;
        let config = &setup.config;
        let intent_timeout = config.limits.save_timeout.value;
        let store = Store::start(database, StoreConfig { intent_timeout, ..StoreConfig::default() });
        recover(&store).await?;
        let launcher = ProcessLauncher::new();
        let dispatch = Dispatch::start(&config.notify, &store, &|name| std::env::var(name).ok())?;
        let dispatch = Arc::new(dispatch);
        let engine = Engine::new(
            store,
            Arc::new(launcher.clone()),
            agent_book(setup)?,
            Arc::clone(&dispatch) as _,
            EngineConfig {
                intent_timeout,
                limits: config.limits.for_engine(),
                conversations: Some(conversations(setup)),
                ..EngineConfig::default()
            },
        );
        Ok(Self { engine, launcher, dispatch })
    }

    /// The engine.
    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        self.engine.store()
    }

    /// Stops what still runs, saves everything and lets go of the folder. Returns the last revision,
    /// which is on disk then. Calls `when_slow` when the disk takes long.
    ///
    /// # Errors
    /// When the disk did not take everything.
    pub(crate) async fn close(self, when_slow: impl FnOnce()) -> Result<Revision, WorkplaceError> {
        self.engine.shutdown(ShutdownEnd::Interrupted).await;
        self.launcher.all_gone().await;
        self.dispatch.close(NOTIFY_PATIENCE).await;
        let store = self.store().clone();
        let patience = tokio::time::sleep(SLOW_AFTER);
        let closing = store.close(CLOSE_PATIENCE);
        tokio::pin!(closing, patience);
        tokio::select! {
            closed = &mut closing => closed?,
            () = &mut patience => {
                when_slow();
                closing.await?;
            }
        }
        Ok(store.durable_revision())
    }
}

/// The agents of a configuration.
///
/// # Errors
/// When the built-in one cannot be started.
pub(crate) fn agent_book(setup: &Setup) -> Result<AgentBook, NoProgramError> {
    let agents = agent_specs(&setup.config, &conversations(setup))?;
    Ok(AgentBook::new(agents).with_accounts(setup.config.accounts()))
}

fn conversations(setup: &Setup) -> PathBuf {
    setup.folders.data().join(CODER_MEMORY)
}

async fn lock(folder: &Path) -> Result<DataFolder, OpenError> {
    for _ in 0..LOCK_RETRIES {
        match DataFolder::lock(folder) {
            Err(OpenError::Locked { .. }) => tokio::time::sleep(LOCK_RETRY_AFTER).await,
            outcome => return outcome,
        }
    }
    DataFolder::lock(folder)
}
