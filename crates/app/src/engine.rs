//! What happens when a session is started, followed up, answered or stopped, and when its agent speaks.
//!
//! The engine knows the store and the agents, and no front end. Each session that is in use has a
//! *runner*: one task that takes orders and reads what the agent says, one after the other, so that
//! within a session nothing ever races. Between sessions nothing is shared but the store.
//!
//! An intent (a prompt, an answer, an edit of the queue) is on disk before the agent hears of it and
//! before the caller is told that it was taken.

mod admission;
mod agents;
mod budget;
mod error;
mod ledger;
mod limits;
mod notice;
mod policy;
mod recovery;
mod rules;
mod runner;
mod runners;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use switchboard_domain::{Answer, NewSession, QueuedMessage, QueuedMessageId, RequestId, SessionId};
use switchboard_sidecar::{AgentLauncher, StopPolicy};
use switchboard_store::{Receipt, Store};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

pub use admission::Slots;
pub use agents::AgentBook;
pub use budget::{Budget, Budgets, Overrun};
pub use error::{EngineError, Resumed, SendOutcome};
pub use ledger::Spent;
pub use limits::Limits;
pub use notice::{Notice, Notifier, Silent};
pub use policy::ApprovalPolicy;
pub use recovery::{Recovery, recover};
pub use rules::rules_in;
pub use runner::Patience;
pub(crate) use runner::is_stuck_report;

use admission::Door;
use ledger::Ledger;
use runner::{Order, Stop};
use runners::Runners;

/// What the engine can be told.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// How long an intent may wait for the disk before it is given up, and not sent.
    pub intent_timeout: Duration,
    /// How patient stopping an agent is.
    pub stop: StopPolicy,
    /// The limits within which agents run.
    pub limits: Limits,
    /// Where the agents that are part of this program keep their conversations, if they do.
    pub conversations: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let (stop, limits) = (StopPolicy::GRACEFUL, Limits::default());
        Self { intent_timeout: Duration::from_secs(5), stop, limits, conversations: None }
    }
}

/// Runs sessions. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    store: Store,
    launcher: Arc<dyn AgentLauncher>,
    agents: RwLock<Arc<AgentBook>>,
    notifier: Arc<dyn Notifier>,
    config: EngineConfig,
    door: Arc<Door>,
    ledger: Ledger,
    runners: Mutex<Runners>,
    tasks: TaskTracker,
}

impl Engine {
    /// An engine on `store`, with nothing running.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        store: Store,
        launcher: Arc<dyn AgentLauncher>,
        agents: AgentBook,
        notifier: Arc<dyn Notifier>,
        config: EngineConfig,
    ) -> Self {
        let (agents, runners, tasks) = (RwLock::new(Arc::new(agents)), Mutex::default(), TaskTracker::new());
        let door = Door::new(store.clone(), config.limits.slots);
        let ledger = Ledger::new(store.clone(), config.limits.budgets);
        let inner = Inner { store, launcher, agents, notifier, config, door, ledger, runners, tasks };
        let inner = Arc::new(inner);
        inner.tasks.spawn(Arc::clone(&inner.door).run(Arc::downgrade(&inner)));
        Self { inner }
    }

    /// The store that everything is told to.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The agents that can be run.
    pub fn agents(&self) -> Arc<AgentBook> {
        self.inner.agents()
    }

    /// Other agents from now on. Those that run are left alone.
    pub fn set_agents(&self, agents: AgentBook) {
        *self.inner.agents.write() = Arc::new(agents);
    }

    /// Creates a session and starts its first turn, or lets it wait for its turn: then this returns as soon as
    /// the prompt is saved.
    ///
    /// # Errors
    /// When the session could not be saved (then there is none), or its agent not started (then it
    /// is `failed`, with the error).
    pub async fn start_session(&self, new: NewSession, policy: ApprovalPolicy) -> Result<SessionId, EngineError> {
        let engine = self.clone();
        self.to_its_end(async move { engine.create_and_prompt(new, policy).await }).await
    }

    async fn create_and_prompt(&self, new: NewSession, policy: ApprovalPolicy) -> Result<SessionId, EngineError> {
        let (id, prompt) = (new.id, new.prompt.clone());
        self.inner.agents().resolve(&new.agent)?;
        let created = self.inner.store.create_session(new).await?;
        if created.transcript().last_seq() > switchboard_domain::Seq::ZERO {
            // Asked for twice: the first time did it.
            return Ok(id);
        }
        self.set_policy(id, policy);
        self.order(id, |reply| Order::Prompt { text: prompt, reply }).await?;
        Ok(id)
    }

    /// Says something to a session: it goes to the agent at once if it is free, else behind what waits.
    ///
    /// # Errors
    /// When there is no such session, the text could not be saved, or the agent could not be reached.
    pub async fn send(&self, id: SessionId, text: &str) -> Result<SendOutcome, EngineError> {
        self.order(id, |reply| Order::Say { text: text.to_owned(), reply }).await
    }

    /// Goes on with a session that was interrupted, failed or aborted: with `message`, or else with its last prompt
    /// again if that was never answered, or else with "continue". What waits in its queue comes after that.
    ///
    /// # Errors
    /// When there is no such session or nothing to go on with, the text could not be saved, or the agent could
    /// not be reached.
    pub async fn resume(&self, id: SessionId, message: Option<String>) -> Result<Resumed, EngineError> {
        self.order(id, |reply| Order::Resume { message, reply }).await
    }

    /// Answers a request for approval. The answer is on disk before the agent hears it.
    ///
    /// # Errors
    /// When there is nothing to answer (any more), or the answer could not be saved in time: then it
    /// stays, and goes out once it is.
    pub async fn answer(&self, id: SessionId, request_id: &RequestId, answer: Answer) -> Result<(), EngineError> {
        let (engine, request_id) = (self.clone(), request_id.clone());
        self.to_its_end(async move {
            let receipt = engine.inner.store.answer_approval(id, &request_id, answer.clone())?;
            engine.order(id, |reply| Order::Answer { request_id, answer, receipt, reply }).await
        })
        .await
    }

    /// Puts a message into a session's queue, to be sent when its turn ends.
    ///
    /// # Errors
    /// When there is no such session, or the message could not be saved in time.
    pub async fn queue(&self, id: SessionId, text: &str) -> Result<QueuedMessage, EngineError> {
        let (engine, text) = (self.clone(), text.to_owned());
        self.to_its_end(async move {
            let message = engine.saved(engine.inner.store.queue_message(id, &text)?).await?;
            engine.order(id, |reply| Order::Pump { reply }).await?;
            Ok(message)
        })
        .await
    }

    /// Changes a message that waits in the queue.
    ///
    /// # Errors
    /// When it is not there (any more), on its way to the agent, or could not be saved in time.
    pub async fn edit_queued(&self, id: SessionId, queued: QueuedMessageId, text: &str) -> Result<(), EngineError> {
        self.saved(self.inner.store.edit_queued(id, queued, text)?).await
    }

    /// Takes back a message that waits in the queue.
    ///
    /// # Errors
    /// When it is not there (any more), on its way to the agent, or could not be saved in time.
    pub async fn cancel_queued(&self, id: SessionId, queued: QueuedMessageId) -> Result<QueuedMessage, EngineError> {
        self.saved(self.inner.store.cancel_queued(id, queued)?).await
    }

    /// Stops a session's agent, whatever it does; `false` when nothing ran. Never waits for the disk.
    ///
    /// # Errors
    /// When there is no such session.
    pub async fn abort(&self, id: SessionId) -> Result<bool, EngineError> {
        self.must_exist(id)?;
        let handle = self.inner.runner(id).ok_or(EngineError::ShuttingDown)?;
        handle.stop(Stop::Abort).await
    }

    /// Removes a session and all that belongs to it, its agent first.
    ///
    /// # Errors
    /// When there is no such session, what its agent keeps cannot be removed, or the removal could not be
    /// saved in time.
    pub async fn delete_session(&self, id: SessionId) -> Result<(), EngineError> {
        self.abort(id).await?;
        // Before the session: what could not be removed must not be left without a name to find it by.
        self.forget_conversation(id).await?;
        self.saved(self.inner.store.delete_session(id)?).await
    }

    /// Empties a session: its transcript, approvals and queue go, its agent and what that remembers first.
    ///
    /// # Errors
    /// As [`Engine::delete_session`].
    pub async fn clear_session(&self, id: SessionId) -> Result<(), EngineError> {
        self.abort(id).await?;
        self.forget_conversation(id).await?;
        self.saved(self.inner.store.clear_session(id)?).await
    }

    async fn forget_conversation(&self, id: SessionId) -> Result<(), EngineError> {
        let Some(folder) = self.inner.config.conversations.clone() else { return Ok(()) };
        let forgotten = tokio::task::spawn_blocking(move || crate::coder::forget(&folder, id)).await;
        let problem = match forgotten {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(panicked) => panicked.to_string(),
        };
        Err(EngineError::NotDeleted(format!("what its agent remembers cannot be removed: {problem}")))
    }

    /// What to do with a session's approvals from now on.
    pub fn set_policy(&self, id: SessionId, policy: ApprovalPolicy) {
        self.inner.runners.lock().policies.insert(id, policy);
    }

    /// Stops every agent and refuses further orders. Turns that were under way end as `end` says.
    /// Returns the sessions that were stopped in mid-turn.
    pub async fn shutdown(&self, end: ShutdownEnd) -> Vec<SessionId> {
        self.inner.door.close();
        let runners = {
            let mut runners = self.inner.runners.lock();
            runners.closed = true;
            // With the last handle gone, a runner that waits for an order ends.
            std::mem::take(&mut runners.handles)
        };
        let why = match end {
            ShutdownEnd::Aborted => Stop::Abort,
            ShutdownEnd::Interrupted => Stop::Interrupt,
        };
        let mut stops = JoinSet::new();
        for (id, handle) in runners {
            stops.spawn(async move { (id, handle.stop(why).await) });
        }
        let mut in_turn = Vec::new();
        while let Some(stopped) = stops.join_next().await {
            if let Ok((id, Ok(true))) = stopped {
                in_turn.push(id);
            }
        }
        in_turn.sort_unstable();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        in_turn
    }

    /// Does something that goes on when its caller stops waiting: half of it would leave a session that claims
    /// to run with nobody to run it, an answer that no agent hears, or a queue that nobody sends.
    async fn to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        // It ends early only when the runtime does.
        self.inner.tasks.spawn(work).await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    /// Gives an order to the session's runner and waits for what came of it.
    async fn order<T>(
        &self,
        id: SessionId,
        order: impl FnOnce(oneshot::Sender<Result<T, EngineError>>) -> Order,
    ) -> Result<T, EngineError> {
        self.must_exist(id)?;
        self.inner.runner(id).ok_or(EngineError::ShuttingDown)?.give(order).await
    }

    fn must_exist(&self, id: SessionId) -> Result<(), EngineError> {
        let exists = self.inner.store.read(|state| state.session(id).is_some());
        if exists { Ok(()) } else { Err(EngineError::SessionNotFound) }
    }

    async fn saved<T>(&self, receipt: Receipt<T>) -> Result<T, EngineError> {
        self.inner.saved(receipt).await
    }
}

/// Without a shutdown, nobody may be left behind that waits for the engine.
impl Drop for Inner {
    fn drop(&mut self) {
        self.door.close();
    }
}

/// How turns that are under way at a shutdown end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownEnd {
    /// A person stopped them.
    Aborted,
    /// The app had to stop.
    Interrupted,
}

impl Inner {
    /// Waits until an intent is on disk, but not for ever.
    async fn saved<T>(&self, receipt: Receipt<T>) -> Result<T, EngineError> {
        match tokio::time::timeout(self.config.intent_timeout, receipt.durable()).await {
            Ok(saved) => saved.map_err(|error| EngineError::NotSaved { reason: error.to_string() }),
            Err(_) => Err(EngineError::NotSaved { reason: self.disk_trouble() }),
        }
    }

    fn disk_trouble(&self) -> String {
        self.store.read(|state| match state.health() {
            switchboard_domain::Health::Degraded { reason, .. } => reason.clone(),
            switchboard_domain::Health::Healthy => "the database is busy".to_owned(),
        })
    }

    fn agents(&self) -> Arc<AgentBook> {
        Arc::clone(&self.agents.read())
    }
}
