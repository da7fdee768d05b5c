//! Where engine tests play: a store on a database that fails on demand, and agents that follow a script.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use switchboard::engine::{AgentBook, ApprovalPolicy, Engine, EngineConfig, EngineError, Limits, Notice, Notifier};
use switchboard_domain::{
    AgentCommand, AgentEvent, AgentSessionId, ApprovalRequest, MessageBody, NewSession, ProjectId, RequestId, Role,
    SessionId, SessionStatus, Timestamp,
};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, LaunchError, LaunchSession, ProtocolKind, ScriptedAgent,
};
use switchboard_store::testing::{FaultyPersistence, MemoryPersistence};
use switchboard_store::{Clock, SessionState, State, Store, StoreConfig};
use tokio::sync::mpsc;
use tokio::time::Instant;

pub(crate) type Database = FaultyPersistence<MemoryPersistence>;

/// A store, an engine, and the doors through which a test plays the agents and the disk.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) database: Database,
    pub(crate) notices: Arc<Notices>,
    pub(crate) launcher: Arc<ScriptedLauncher>,
    agents: mpsc::UnboundedReceiver<Agent>,
    project_id: ProjectId,
}

/// An agent that was launched, played by the test.
pub(crate) struct Agent {
    pub(crate) session: LaunchSession,
    pub(crate) script: ScriptedAgent,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_with(EngineConfig::default()).await
    }

    pub(crate) async fn set_with(config: EngineConfig) -> Self {
        Self::set_on(Database::new(MemoryPersistence::new()), config).await
    }

    /// The same on a database that may hold what an earlier life left, which is read first.
    pub(crate) async fn set_on(database: Database, config: EngineConfig) -> Self {
        let clock = Arc::new(PlayedClock(Instant::now()));
        let store = Store::start(database.clone(), StoreConfig { clock, ..StoreConfig::default() });
        store.hydrate().await.expect("hydrated");
        let added = store.add_project(Path::new("/project")).expect("added");
        let project_id = added.durable().await.expect("saved").id;
        let (started, agents) = mpsc::unbounded_channel();
        let launcher = Arc::new(ScriptedLauncher { started, failures: Mutex::default() });
        let notices = Arc::new(Notices::default());
        let book = AgentBook::new(["one", "two"].map(|name| AgentSpec::new(name, ProtocolKind::Native, name)));
        let book = book.with_accounts([("two".to_owned(), "one".to_owned())]);
        let notifier = Arc::clone(&notices);
        let engine = Engine::new(store.clone(), Arc::clone(&launcher) as _, book, notifier as _, config);
        Self { store, engine, database, notices, launcher, agents, project_id }
    }

    /// Pulls the plug: nothing that is not on disk gets there any more. Then a new life begins.
    pub(crate) async fn crash(self, config: EngineConfig) -> Self {
        self.database.block_commits();
        Self::set_on(Database::new(self.database.database().reopen()), config).await
    }

    pub(crate) fn new_session(&self) -> NewSession {
        NewSession {
            id: SessionId::new(uuid::Uuid::now_v7()),
            project_id: self.project_id,
            agent: "one".into(),
            prompt: "fix the build".into(),
            title: None,
            model: None,
        }
    }

    /// Starts a session and plays its agent up to the moment it has the prompt.
    pub(crate) async fn started(&mut self) -> (SessionId, Agent) {
        self.started_with(ApprovalPolicy::Ask).await
    }

    pub(crate) async fn started_with(&mut self, policy: ApprovalPolicy) -> (SessionId, Agent) {
        let engine = self.engine.clone();
        let starting = tokio::spawn({
            let new = self.new_session();
            async move { engine.start_session(new, policy).await }
        });
        let mut agent = self.next_agent().await;
        assert!(matches!(agent.command().await, AgentCommand::Start(_)));
        let id = starting.await.expect("no panic").expect("started");
        (id, agent)
    }

    /// The next agent that is launched.
    pub(crate) async fn next_agent(&mut self) -> Agent {
        let launched = tokio::time::timeout(Duration::from_mins(5), self.agents.recv()).await;
        launched.expect("an agent is launched in time").expect("the launcher lives")
    }

    pub(crate) fn nothing_was_launched(&mut self) -> bool {
        self.agents.try_recv().is_err()
    }

    /// Waits until the state is as `wanted`; the deadline is in the store's (possibly paused) time.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&State) -> bool) {
        let (state, mut changes) = self.store.subscribe();
        if wanted(&state) {
            return;
        }
        drop(state);
        let reached = async {
            loop {
                changes.next().await.expect("the store lives");
                if self.store.read(&wanted) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(1), reached).await.is_ok();
        assert!(in_time, "never came: {what}; the state is {:#?}", self.store.snapshot());
    }

    pub(crate) async fn until_status(&self, id: SessionId, status: SessionStatus) {
        self.until(status.as_str(), |state| state.session(id).is_some_and(|it| it.session().status() == status)).await;
    }

    pub(crate) fn session(&self, id: SessionId) -> Arc<SessionState> {
        self.store.read(|state| state.session(id).cloned()).expect("the session exists")
    }

    pub(crate) fn status(&self, id: SessionId) -> SessionStatus {
        self.session(id).session().status()
    }

    pub(crate) fn error(&self, id: SessionId) -> String {
        self.session(id).session().error.clone().unwrap_or_default()
    }

    /// The transcript as `role: content` lines.
    pub(crate) fn transcript(&self, id: SessionId) -> Vec<String> {
        let line =
            |message: &Arc<switchboard_domain::Message>| format!("{}: {}", message.body.role, message.body.content);
        self.session(id).transcript().messages().map(line).collect()
    }
}

impl Agent {
    pub(crate) async fn command(&mut self) -> AgentCommand {
        let command = tokio::time::timeout(Duration::from_secs(30), self.script.next_command()).await;
        command.expect("a command comes in time").expect("the line lives")
    }

    pub(crate) async fn says(&self, event: AgentEvent) {
        assert!(self.script.say(event).await, "the line lives");
    }

    pub(crate) async fn answers(&self, text: &str) {
        self.says(AgentEvent::Message(MessageBody::text(Role::Assistant, text))).await;
    }

    pub(crate) async fn starts_turn(&self, agent_session_id: &str) {
        let agent_session_id = Some(AgentSessionId::new(agent_session_id));
        self.says(AgentEvent::SessionStarted { agent_session_id }).await;
    }

    pub(crate) async fn completes(&self) {
        self.says(AgentEvent::Completed { agent_session_id: None, total_cost: None }).await;
    }

    pub(crate) async fn asks(&self, request_id: &str) {
        let input = serde_json::json!({"command": "rm -rf target"});
        let request_id = RequestId::new(request_id);
        let request = ApprovalRequest { request_id, tool_name: "Bash".into(), input, suggestions: None };
        self.says(AgentEvent::ApprovalRequested(request)).await;
    }
}

/// An engine's configuration with these limits.
pub(crate) fn limited(limits: Limits) -> EngineConfig {
    EngineConfig { limits, ..EngineConfig::default() }
}

/// Goes with the (possibly paused) time of the runtime.
struct PlayedClock(Instant);

impl Clock for PlayedClock {
    fn now(&self) -> Timestamp {
        // An ordinary day in November 2026, so that local time has a date.
        Timestamp::from_micros(1_795_600_000_000_000).after(self.0.elapsed())
    }
}

/// Launches scripted lines, or fails as often as it is told.
pub(crate) struct ScriptedLauncher {
    started: mpsc::UnboundedSender<Agent>,
    failures: Mutex<VecDeque<()>>,
}

impl ScriptedLauncher {
    pub(crate) fn fail_next(&self) {
        self.failures.lock().expect("not poisoned").push_back(());
    }
}

#[async_trait]
impl AgentLauncher for ScriptedLauncher {
    async fn launch(&self, agent: &AgentSpec, session: LaunchSession) -> Result<AgentLine, LaunchError> {
        if self.failures.lock().expect("not poisoned").pop_front().is_some() {
            let (program, searched) = (agent.program.clone(), "PATH".to_owned());
            return Err(LaunchError::ProgramNotFound { program, searched });
        }
        let (line, script) = AgentLine::scripted();
        self.started.send(Agent { session, script }).expect("the test lives");
        Ok(line)
    }
}

/// Remembers what a person was told.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Vec<Notice>>);

impl Notices {
    pub(crate) fn all(&self) -> Vec<Notice> {
        self.0.lock().expect("not poisoned").clone()
    }
}

impl Notifier for Notices {
    fn notify(&self, notice: Notice) {
        self.0.lock().expect("not poisoned").push(notice);
    }
}

#[track_caller]
pub(crate) fn assert_not_saved(outcome: &Result<impl std::fmt::Debug, EngineError>) {
    assert!(matches!(outcome, Err(EngineError::NotSaved { .. })), "{outcome:?}");
}
