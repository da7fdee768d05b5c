//! A store on a database that fails when told to, and short ways to use it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{MessageBody, NewSession, Project, Role, SessionId, ToolCall, ToolCallId, ToolResult};
use switchboard_store::testing::{FaultyPersistence, MemoryPersistence};
use switchboard_store::{State, Store, StoreConfig, Telling};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

pub(crate) type Database = FaultyPersistence<MemoryPersistence>;

/// More than anything here takes; in paused time it costs nothing.
const DEADLINE: Duration = Duration::from_mins(1);

/// A running store with one project, and its database.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: Database,
    pub(crate) project: Project,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(StoreConfig::default()).await
    }

    pub(crate) async fn with(config: StoreConfig) -> Self {
        let database = FaultyPersistence::new(MemoryPersistence::new());
        let store = Store::start(database.clone(), config);
        let receipt = store.add_project(Path::new("/code/project")).expect("added");
        let project = receipt.durable().await.expect("saved");
        Self { store, database, project }
    }

    pub(crate) fn new_session(&self) -> NewSession {
        NewSession {
            id: SessionId::new(Uuid::now_v7()),
            project_id: self.project.id,
            agent: "builtin".into(),
            prompt: "do it".into(),
            title: None,
            model: None,
        }
    }

    pub(crate) async fn session(&self) -> SessionId {
        let created = self.store.create_session(self.new_session()).await.expect("created");
        created.session().id
    }

    pub(crate) async fn sessions(&self, count: usize) -> Vec<SessionId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.session().await);
        }
        ids
    }

    /// Appends an agent's message and does not wait for the disk.
    pub(crate) fn say(&self, id: SessionId, text: &str) {
        let _ = self.store.append_message(id, agent(text)).expect("appended");
    }

    /// The transcript as it is in memory.
    pub(crate) fn shown(&self, id: SessionId) -> Vec<String> {
        self.store.read(|state| {
            let messages = state.session(id).into_iter().flat_map(|session| session.transcript().messages());
            messages.map(|message| message.body.content.clone()).collect()
        })
    }

    /// The transcript as it is on disk.
    pub(crate) fn saved(&self, id: SessionId) -> Vec<String> {
        let transcript = self.database.database().transcript(id);
        transcript.iter().map(|message| message.body.content.clone()).collect()
    }

    /// The streamed text as it is on disk.
    pub(crate) async fn saved_draft(&self, id: SessionId) -> String {
        let sessions = switchboard_store::Persistence::sessions(&self.database).await.expect("readable");
        let stored = sessions.into_iter().find(|stored| stored.session.id == id).expect("saved");
        stored.draft.content
    }

    /// Pulls the plug: nothing that is not on disk gets there any more. Then a new life begins.
    pub(crate) async fn crash(self) -> Self {
        self.database.block_commits();
        let database = FaultyPersistence::new(self.database.database().reopen());
        let store = Store::start(database.clone(), StoreConfig::default());
        store.hydrate().await.expect("hydrated");
        Self { store, database, project: self.project }
    }
}

pub(crate) fn agent(text: &str) -> MessageBody {
    MessageBody::text(Role::Assistant, text)
}

pub(crate) fn unknown_session() -> SessionId {
    SessionId::new(Uuid::now_v7())
}

pub(crate) fn call(id: &str) -> ToolCall {
    let input = serde_json::json!({ "of": id });
    ToolCall { id: Some(ToolCallId::new(id)), name: "Bash".into(), input, output: None, is_error: false }
}

pub(crate) fn result(id: &str) -> ToolResult {
    ToolResult { id: Some(ToolCallId::new(id)), name: "Bash".into(), output: "done".into(), is_error: false }
}

/// A copy of the state, made of what it tells.
pub(crate) fn retold(state: &Arc<State>) -> State {
    let mut copy = State::default();
    Arc::clone(state).retell(|_| Telling::Transcript(usize::MAX)).for_each(|change| copy.apply(&change));
    copy
}

/// Waits until `holds`, and fails the test when that takes too long.
#[track_caller]
pub(crate) fn eventually(mut holds: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + DEADLINE;
        while !holds() {
            assert!(Instant::now() < end, "what {caller} waits for did not come");
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// `first`, `first + 1` … `last` as text.
pub(crate) fn numbers(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}
