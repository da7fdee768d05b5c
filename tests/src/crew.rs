//! Many sidecars at once on the real engine, for measuring.

use std::path::Path;
use std::sync::Arc;

use switchboard::engine::{AgentBook, ApprovalPolicy, Engine, EngineConfig, ShutdownEnd, Silent};
use switchboard_domain::{NewSession, ProjectId, SessionId};
use switchboard_sidecar::{AgentSpec, ProcessLauncher, ProtocolKind};
use switchboard_store::{Persistence, Store, StoreConfig};
use tokio::task::JoinSet;

use crate::{program, workload};

/// The name of the one agent that all sessions have.
const AGENT: &str = "rogue";

/// An engine whose agent is the rogue, as its prompts tell it.
pub struct Crew {
    engine: Engine,
    launcher: ProcessLauncher,
    project_id: ProjectId,
}

impl Crew {
    /// An engine with nothing running, on a database in `folder`.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub async fn hire(folder: &Path) -> Self {
        Self::hire_on(folder, workload::database(&folder.join("home")).await)
    }

    /// [`Crew::hire`] on any database; agents work in `folder`.
    ///
    /// # Panics
    /// When the store refuses, which it has no reason to.
    pub fn hire_on(folder: &Path, database: impl Persistence) -> Self {
        let store = Store::start(database, StoreConfig::default());
        let project = store.add_project(folder).expect("a new project").into_value();
        let agent = AgentSpec::new(AGENT, ProtocolKind::Native, program::rogue()).with_args(["as-told".to_owned()]);
        let launcher = ProcessLauncher::new();
        let engine = Engine::new(
            store,
            Arc::new(launcher.clone()),
            AgentBook::new([agent]),
            Arc::new(Silent),
            EngineConfig::default(),
        );
        Self { engine, launcher, project_id: project.id }
    }

    /// The engine at work.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store that everything is told to.
    pub fn store(&self) -> &Store {
        self.engine.store()
    }

    /// Starts so many sessions at once and waits until each agent has its prompt.
    ///
    /// # Panics
    /// When one cannot be started.
    pub async fn start(&self, sessions: usize, prompt: &str) {
        let mut starts = JoinSet::new();
        for _ in 0..sessions {
            let (engine, new) = (self.engine.clone(), self.session(prompt));
            starts.spawn(async move { engine.start_session(new, ApprovalPolicy::AllowAll).await });
        }
        while let Some(started) = starts.join_next().await {
            started.expect("no start panics").expect("the agent starts");
        }
    }

    /// A session that has no agent.
    ///
    /// # Panics
    /// When it cannot be saved.
    pub async fn quiet_session(&self) -> SessionId {
        let created = self.store().create_session(self.session("nothing")).await;
        created.expect("it can be saved").session().id
    }

    fn session(&self, prompt: &str) -> NewSession {
        let (agent, prompt) = (AGENT.to_owned(), prompt.to_owned());
        NewSession { agent, prompt, ..workload::new_session(self.project_id) }
    }

    /// Waits until no session is running.
    ///
    /// # Panics
    /// When the store is closed.
    pub async fn wait_for_the_end(&self) {
        let store = self.store();
        let (_, mut changes) = store.subscribe();
        while store.read(|state| state.sessions().any(|session| !session.session().status().is_final())) {
            // Lagging is fine: only that something happened is of interest.
            let _ = changes.next().await;
            let _ = changes.resync();
        }
    }

    /// Stops everything and saves it.
    ///
    /// # Panics
    /// When the disk does not take everything in time.
    pub async fn dismiss(self) {
        self.engine.shutdown(ShutdownEnd::Aborted).await;
        self.launcher.all_gone().await;
        let store = self.store().clone();
        drop(self);
        workload::close(store).await;
    }
}
