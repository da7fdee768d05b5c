//! One thing that an agent is to do.

use switchboard_domain::{NewSession, SessionId, SessionStatus, Timestamp};
use switchboard_store::State;

use crate::client::ClientError;

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
    /// The agent has it, or it waits in the session's queue.
    Working,
    /// It is over: the session says how.
    Over,
    /// The agent never got it.
    NotStarted(ClientError),
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
    /// When the turn began that was there before it; another one is its own.
    last_turn: Option<Timestamp>,
    /// Whether the state that is known here has it already.
    has_arrived: bool,
}

impl Job {
    /// A job nobody has begun.
    pub(super) const fn new(task: Task) -> Self {
        Self { task, phase: Phase::Waiting, last_turn: None, has_arrived: false }
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

    /// It is being begun, with this known of its session.
    pub(super) fn begin(&mut self, state: &State) {
        self.phase = Phase::Starting;
        self.last_turn = state.session(self.session()).and_then(|it| it.session().turn_started_at);
    }

    /// Looks whether what is known of its session includes it.
    ///
    /// The state comes by another way than the word that the agent has its prompt, so either may be first.
    pub(super) fn look_at(&mut self, state: &State) {
        let Some(it) = state.session(self.session()) else { return };
        self.has_arrived |= match &self.task {
            Task::Start(_) => true,
            Task::Say { text, .. } => {
                it.session().turn_started_at > self.last_turn || it.queue().any(|message| message.content == *text)
            }
        };
    }

    /// Whether nothing more will come of it.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::NotStarted(_) | Phase::Unanswered)
    }

    /// Whether it takes up a slot.
    pub(super) const fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Working)
    }

    /// Whether its session has done it and does nothing more by itself.
    pub(super) fn is_done(&self, state: &State) -> bool {
        self.has_arrived && is_at_rest(state, self.session())
    }
}

/// Whether the session will do nothing more by itself: its turn is over, and no queued message is
/// about to begin the next one.
pub(in crate::cli) fn is_at_rest(state: &State, session: SessionId) -> bool {
    use switchboard_domain::Delivery;

    let Some(it) = state.session(session) else { return true };
    let next = it.queue().next().map(|message| message.delivery);
    // A message that could not be sent stays in the queue, with the reason as the session's error.
    let goes_on = it.session().status() == SessionStatus::Completed
        && it.session().error.is_none()
        && matches!(next, Some(Delivery::Waiting | Delivery::Sending));
    it.session().status().is_final() && !goes_on && it.waiting().is_none()
}
