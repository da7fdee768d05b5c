//! One thing that an agent is to do.

use switchboard_domain::{NewSession, SessionId, SessionStatus};
use switchboard_store::State;

use crate::engine::EngineError;

/// What an agent is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Work on the prompt of a new session.
    Start(NewSession),
    /// Go on with a session.
    Say {
        /// The session.
        session: SessionId,
        /// What to tell the agent.
        text: String,
    },
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for a free slot.
    Waiting,
    /// The prompt is on its way to the disk and to the agent.
    Starting,
    /// The agent has it.
    Working,
    /// It is over: the session says how.
    Over,
    /// The agent never got it.
    NotStarted(EngineError),
    /// It was stopped since nobody was there to answer the agent.
    Unanswered,
}

/// One thing that an agent is to do, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// What it is.
    pub(super) task: Task,
    /// How far it is.
    pub(super) phase: Phase,
}

impl Job {
    /// A job nobody has begun.
    pub(super) const fn new(task: Task) -> Self {
        Self { task, phase: Phase::Waiting }
    }

    /// The session it is done in.
    pub(super) const fn session(&self) -> SessionId {
        match &self.task {
            Task::Start(new) => new.id,
            Task::Say { session, .. } => *session,
        }
    }

    /// What the agent is told.
    pub(super) fn prompt(&self) -> &str {
        match &self.task {
            Task::Start(new) => &new.prompt,
            Task::Say { text, .. } => text,
        }
    }

    /// Whether nothing more will come of it.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::NotStarted(_) | Phase::Unanswered)
    }

    /// Whether it takes up a slot.
    pub(super) const fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Working)
    }
}

/// Whether the session will do nothing more by itself: its turn is over, and no queued message is
/// about to begin the next one.
pub(super) fn is_at_rest(state: &State, session: SessionId) -> bool {
    use switchboard_domain::Delivery;

    let Some(it) = state.session(session) else { return true };
    let next = it.queue().next().map(|message| message.delivery);
    // A message that could not be sent stays in the queue, with the reason as the session's error.
    let goes_on = it.session().status() == SessionStatus::Completed
        && it.session().error.is_none()
        && matches!(next, Some(Delivery::Waiting | Delivery::Sending));
    it.session().status().is_final() && !goes_on
}
