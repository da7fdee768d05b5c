//! One conversation with one agent in one project.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::duration_ms;
use crate::{AgentSessionId, Cost, ProjectId, SessionId, SessionStatus, Timestamp, Usage, title_from_prompt};

/// What a new session is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its identity. Whoever asks chooses it, so that asking twice makes one session.
    pub id: SessionId,
    /// The project it works in.
    pub project_id: ProjectId,
    /// The agent's name in the configuration.
    pub agent: String,
    /// The first prompt.
    pub prompt: String,
    /// A title; made from the prompt when there is none.
    pub title: Option<String>,
    /// The model asked for, when one was.
    pub model: Option<String>,
}

/// One conversation with one agent in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its identity.
    pub id: SessionId,
    /// The project it works in.
    pub project_id: ProjectId,
    /// The agent's name in the configuration.
    pub agent: String,
    /// The first prompt.
    pub prompt: String,
    /// What people call it.
    pub title: String,
    /// The model asked for, when one was.
    pub model: Option<String>,
    /// The agent's own id of the conversation, once it told us; needed to resume.
    pub agent_session_id: Option<AgentSessionId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the current turn began, or the last one if none is under way.
    pub turn_started_at: Option<Timestamp>,
    /// Time spent working, over all finished turns.
    #[serde(rename = "elapsed_ms", with = "duration_ms")]
    pub elapsed: Duration,
    /// Money spent, as the agent reports it, over all its processes.
    pub cost: Cost,
    /// Tokens used, over all its messages that say so.
    #[serde(default)]
    pub usage: Usage,
    /// Why it failed, or what went wrong last.
    pub error: Option<String>,
    /// The process that serves it, while one does.
    pub worker: Option<WorkerProcess>,
    #[serde(flatten)]
    progress: Progress,
}

/// Status and end, kept together so that one cannot be set without the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    status: SessionStatus,
    ended_at: Option<Timestamp>,
}

/// Names one process beyond doubt: process ids are used again, the pair is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkerProcess {
    /// The process id; also the id of its process group.
    pub pid: u32,
    /// When the process started, in the operating system's own unit (clock ticks since boot on Linux).
    pub started: u64,
}

impl Session {
    /// A session that has just been created and is running.
    pub fn create(new: NewSession, created_at: Timestamp) -> Self {
        let title = new.title.unwrap_or_else(|| title_from_prompt(&new.prompt));
        Self {
            id: new.id,
            project_id: new.project_id,
            agent: new.agent,
            prompt: new.prompt,
            title,
            model: new.model,
            agent_session_id: None,
            created_at,
            turn_started_at: None,
            elapsed: Duration::ZERO,
            cost: Cost::ZERO,
            usage: Usage::default(),
            error: None,
            worker: None,
            progress: Progress { status: SessionStatus::Running, ended_at: None },
        }
    }

    /// Where it stands.
    pub const fn status(&self) -> SessionStatus {
        self.progress.status
    }

    /// When it ended; `Some` exactly when it is not running.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        self.progress.ended_at
    }

    /// Sets the status, and the end with it: `at` when the status is final, none otherwise.
    ///
    /// Whether the step is allowed is [`SessionStatus::may_become`]'s business.
    pub fn set_status(&mut self, status: SessionStatus, at: Timestamp) {
        self.progress = Progress { status, ended_at: status.is_final().then_some(at) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn session() -> Session {
        let new = NewSession {
            id: SessionId::new(Uuid::nil()),
            project_id: ProjectId::new(Uuid::nil()),
            agent: "builtin".into(),
            prompt: "fix the build".into(),
            title: None,
            model: None,
        };
        Session::create(new, Timestamp::from_micros(1))
    }

    proptest! {
        #[test]
        fn it_has_an_end_exactly_when_it_is_not_running(steps in proptest::collection::vec(0_usize..5, 0..20)) {
            let mut session = session();
            for (time, step) in steps.into_iter().enumerate() {
                session.set_status(SessionStatus::ALL[step], Timestamp::from_micros(i64::try_from(time).expect("small")));
                prop_assert_eq!(session.ended_at().is_some(), session.status() != SessionStatus::Running);
            }
        }
    }

    #[test]
    fn json_round_trips_with_flat_status_fields() {
        let mut session = session();
        session.set_status(SessionStatus::Failed, Timestamp::from_micros(2));
        let json = serde_json::to_value(&session).expect("serializes");
        assert_eq!(json["status"], "failed");
        assert_eq!(json["ended_at"], "1970-01-01T00:00:00.000002Z");
        assert_eq!(serde_json::from_value::<Session>(json).expect("parses"), session);
    }
}
