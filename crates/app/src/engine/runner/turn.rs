//! Bringing what a person says to the agent.

use switchboard_domain::{AgentCommand, ApprovalEnd, Delivery, QueuedMessage, Session, SessionStatus, StartSession};
use switchboard_sidecar::{LaunchSession, LineEvent, NotSent, SendError, StopPolicy};

use crate::engine::runner::Runner;
use crate::engine::{EngineError, Notice, SendOutcome};

impl Runner {
    /// A prompt begins a turn: saved, then sent. What goes wrong is the session's error.
    pub(super) async fn prompt(&mut self, text: &str) -> Result<(), EngineError> {
        let outcome = self.try_prompt(text).await;
        self.settle_prompt(&outcome);
        outcome
    }

    /// What goes wrong before the agent has a prompt ends its turn.
    pub(super) fn settle_prompt(&self, outcome: &Result<(), EngineError>) {
        match outcome {
            // The stop that is on its way ends the turn.
            Ok(()) | Err(EngineError::Stopped) => {}
            Err(error) => self.fail_turn(error.to_string(), ApprovalEnd::Expired),
        }
    }

    async fn try_prompt(&mut self, text: &str) -> Result<(), EngineError> {
        self.within_budget()?;
        let begun = self.engine.store.begin_turn(self.id, text)?;
        self.unless_stopped(self.engine.saved(begun)).await??;
        self.begin_with(text).await
    }

    /// To the agent if it is free and nothing waits, else into the queue.
    pub(super) async fn say(&mut self, text: &str) -> Result<SendOutcome, EngineError> {
        let free = self.engine.store.read(|state| {
            let session = state.session(self.id)?;
            Some(session.session().status() != SessionStatus::Running && session.queue().len() == 0)
        });
        if free.ok_or(EngineError::SessionNotFound)? {
            self.prompt(text).await?;
            return Ok(SendOutcome::Delivered);
        }
        let message = self.engine.saved(self.engine.store.queue_message(self.id, text)?).await?;
        self.pump().await;
        Ok(SendOutcome::Queued(message.id))
    }

    /// Sends the first message of the queue if the agent is free, and when it is the session's turn.
    pub(super) async fn pump(&mut self) {
        let is_wanted = self.engine.store.read(|state| {
            state.session(self.id).is_some_and(|it| {
                let waits = it.queue().next().is_some_and(|message| message.delivery == Delivery::Waiting);
                waits && it.session().status() != SessionStatus::Running
            })
        });
        if is_wanted && self.at_door.is_none() {
            self.begin_with_queue().await;
        }
    }

    /// Sends the first message of the queue. It leaves the queue when the agent has it; what goes wrong
    /// before is the session's error, and the message stays.
    pub(super) async fn send_queued(&mut self) {
        if let Err(overrun) = self.within_budget() {
            let waits = format!("what is queued is not sent: {overrun}");
            self.told(self.engine.store.set_session_error(self.id, Some(waits)));
            self.engine.notifier.notify(Notice::OverBudget(self.id));
            return;
        }
        let Ok(popped) = self.engine.store.pop_queued(self.id) else { return };
        let Some(message) = popped.value().clone() else { return };
        // Marked on disk before it is sent, or a crash in between could send it twice.
        let outcome = match self.unless_stopped(self.engine.saved(popped)).await {
            Ok(Ok(_)) => self.deliver(&message.content).await.map_err(|error| match error {
                // Nobody waited to see how far it got.
                EngineError::Stopped => EngineError::DeliveryUnknown(error.to_string()),
                error => error,
            }),
            Ok(Err(not_sent)) | Err(not_sent) => Err(not_sent),
        };
        match outcome {
            Ok(()) => self.told(self.engine.store.queued_delivered(self.id, message.id)),
            Err(error) => self.put_back(&message, &error),
        }
    }

    fn put_back(&self, message: &QueuedMessage, error: &EngineError) {
        let delivery = match error {
            EngineError::DeliveryUnknown(_) => Delivery::Unknown,
            _ => Delivery::Waiting,
        };
        self.told(self.engine.store.return_queued(self.id, message.id, delivery));
        let error = format!("a queued message was not sent, it is still in the queue: {error}");
        self.told(self.engine.store.set_session_error(self.id, Some(error)));
    }

    /// Brings `text` to the agent: to the one that is there, else to a new one that resumes the
    /// conversation.
    pub(super) async fn deliver(&mut self, text: &str) -> Result<(), EngineError> {
        let Some(line) = &self.line else { return self.start_agent(text).await };
        let sent = self.unless_stopped(line.send(AgentCommand::SendMessage { text: text.to_owned() })).await;
        match sent? {
            Ok(()) => Ok(()),
            Err(SendError::NotSent(NotSent::LineOver | NotSent::Deaf(_))) => {
                self.end_line_quietly(StopPolicy::NOW).await;
                self.start_agent(text).await
            }
            Err(SendError::NotSent(refused)) => Err(EngineError::NotDelivered(refused.to_string())),
            Err(SendError::Unknown(lost)) => Err(EngineError::DeliveryUnknown(lost.to_string())),
        }
    }

    /// Ends an agent that cannot be reached, so that another can take over. What it said is kept; how
    /// it ended says nothing about the turn that is about to begin.
    pub(super) async fn end_line_quietly(&mut self, policy: StopPolicy) {
        if let Some(line) = self.line.take() {
            let stopped = line.stop(policy).await;
            self.record_leftovers(stopped.last_events);
        }
    }

    async fn start_agent(&mut self, prompt: &str) -> Result<(), EngineError> {
        let (session, working_dir) = self.session_and_folder()?;
        let agent = self.engine.agents().resolve(&session.agent)?;
        let launch = LaunchSession {
            prompt: prompt.to_owned(),
            model: session.model.clone(),
            resume: session.agent_session_id.clone(),
            max_budget: self.engine.config.limits.budgets.session.money,
            ..LaunchSession::new(self.id, &working_dir)
        };
        let not_started = |error: &dyn std::error::Error| EngineError::NotStarted(with_causes(error));
        let line = self.engine.launcher.launch(&agent, launch).await.map_err(|error| not_started(&error))?;
        self.faults.clear();
        self.cost_before = session.cost;
        self.told(self.engine.store.set_worker(self.id, line.worker()));
        let start = AgentCommand::Start(StartSession {
            session_id: self.id,
            project_path: working_dir,
            prompt: prompt.to_owned(),
            model: session.model,
            max_budget: self.engine.config.limits.budgets.session.money,
            resume: session.agent_session_id,
        });
        let sent = self.unless_stopped(line.send(start)).await;
        self.line = Some(line);
        match sent? {
            Ok(()) => Ok(()),
            Err(error) => Err(self.start_failed(error).await),
        }
    }

    /// The agent's program did not even take its first command: say what it did instead.
    async fn start_failed(&mut self, error: SendError) -> EngineError {
        let Some(line) = self.line.take() else { return EngineError::NotStarted(error.to_string()) };
        let stopped = line.stop(StopPolicy::NOW).await;
        for event in stopped.last_events {
            if let LineEvent::Fault(fault) = event {
                self.note_fault(fault);
            }
        }
        self.told(self.engine.store.set_worker(self.id, None));
        EngineError::NotStarted(match (error, stopped.exit) {
            // It is there and says why it cannot, or says nothing; that we ended it then is no news.
            (SendError::NotSent(why @ (NotSent::Refused(_) | NotSent::Deaf(_))), _) => why.to_string(),
            (_, Some(exit)) => self.describe_exit(&exit),
            (error, None) => error.to_string(),
        })
    }

    fn session_and_folder(&self) -> Result<(Session, std::path::PathBuf), EngineError> {
        self.engine.store.read(|state| {
            let session = state.session(self.id).ok_or(EngineError::SessionNotFound)?.session().clone();
            let project = state.project(session.project_id);
            let project = project.ok_or_else(|| EngineError::NotStarted("its project is gone".to_owned()))?;
            Ok((session, project.path.clone()))
        })
    }
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
