//! Everything but transcripts, at one moment, for commands that only look.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::{
    Approval, Change, Hydrated, Project, ProjectId, QueuedMessage, SessionId, SessionStatus, StoredSession,
};
use switchboard_store::{Persistence, ReadError, SessionState, State};

use crate::session_name::{SessionNameError, find_session};

/// Whether a process runs agents on the data folder right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// One does: sessions that are marked running run.
    Alive,
    /// None does: sessions that are marked running were interrupted, and the next owner will say so.
    Gone,
}

impl Owner {
    /// A session on disk as it stands, given this owner.
    ///
    /// Without one it is what the next owner will find: its last sign of life is its last turn.
    pub(crate) fn seen_by(self, mut stored: StoredSession) -> StoredSession {
        let session = &mut stored.session;
        if self == Self::Gone && session.status() == SessionStatus::Running {
            session.set_status(SessionStatus::Interrupted, session.turn_started_at.unwrap_or(session.created_at));
        }
        stored
    }
}

/// Everything but transcripts.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    projects: BTreeMap<ProjectId, Project>,
    sessions: Vec<StoredSession>,
    queue: Vec<QueuedMessage>,
    approvals: Vec<Approval>,
    settings: BTreeMap<String, Value>,
}

impl Catalog {
    /// Reads it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn read(persistence: &dyn Persistence, owner: Owner) -> Result<Self, ReadError> {
        let projects = persistence.projects().await?;
        let sessions = persistence.sessions().await?;
        let (queue, approvals) = match owner {
            Owner::Alive => (persistence.queue().await?, persistence.pending_approvals().await?),
            // Whoever asked for approval is gone with the owner.
            Owner::Gone => (persistence.queue().await?, Vec::new()),
        };
        let sessions = sessions.into_iter().map(|stored| owner.seen_by(stored)).collect();
        let projects = projects.into_iter().map(|project| (project.id, project)).collect();
        let settings = persistence.settings().await?.into_iter().collect();
        Ok(Self { projects, sessions, queue, approvals, settings })
    }

    /// What a state says.
    pub(crate) fn of_state(state: &State) -> Self {
        let stored = |it: &Arc<SessionState>| StoredSession {
            session: it.session().clone(),
            last_seq: it.transcript().last_seq(),
            draft: it.draft().clone(),
        };
        Self {
            projects: state.projects().map(|project| (project.id, project.clone())).collect(),
            sessions: state.sessions().map(stored).collect(),
            queue: state.sessions().flat_map(|it| it.queue().cloned()).collect(),
            approvals: state.sessions().flat_map(|it| it.pending_approvals().cloned()).collect(),
            settings: state.settings().clone(),
        }
    }

    /// The state that says this.
    pub(crate) fn into_state(self) -> State {
        let hydrated = Hydrated {
            projects: self.projects.into_values().collect(),
            sessions: self.sessions,
            approvals: self.approvals,
            queue: self.queue,
            settings: self.settings.into_iter().collect(),
        };
        let mut state = State::default();
        state.apply(&Change::Hydrated(Box::new(hydrated)));
        state
    }

    /// A catalog of these, for tests.
    #[cfg(test)]
    pub(crate) fn of(
        projects: impl IntoIterator<Item = Project>,
        sessions: impl IntoIterator<Item = StoredSession>,
        queue: impl IntoIterator<Item = QueuedMessage>,
    ) -> Self {
        let projects = projects.into_iter().map(|project| (project.id, project)).collect();
        let (sessions, queue) = (sessions.into_iter().collect(), queue.into_iter().collect());
        Self { projects, sessions, queue, ..Self::default() }
    }

    /// All settings.
    pub(crate) const fn settings(&self) -> &BTreeMap<String, Value> {
        &self.settings
    }

    /// All projects, removed ones too, oldest first.
    pub(crate) fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.values()
    }

    /// The project, removed or not.
    pub(crate) fn project(&self, id: ProjectId) -> Option<&Project> {
        self.projects.get(&id)
    }

    /// The project of a folder, removed or not.
    pub(crate) fn project_at(&self, path: &Path) -> Option<&Project> {
        self.projects.values().find(|project| project.path == path)
    }

    /// All sessions, newest first.
    pub(crate) fn sessions(&self) -> &[StoredSession] {
        &self.sessions
    }

    /// The session that `name` means.
    ///
    /// # Errors
    /// When it means none, or several.
    pub(crate) fn find(&self, name: &str) -> Result<&StoredSession, SessionNameError> {
        let id = find_session(name, self.sessions.iter().map(|stored| &stored.session))?.id;
        self.session(id).ok_or(SessionNameError::NoSessions)
    }

    /// The session, if there is one.
    pub(crate) fn session(&self, id: SessionId) -> Option<&StoredSession> {
        self.sessions.iter().find(|stored| stored.session.id == id)
    }

    /// What waits for a session's next turn, next one first.
    pub(crate) fn queue(&self, id: SessionId) -> impl Iterator<Item = &QueuedMessage> {
        self.queue.iter().filter(move |message| message.session_id == id)
    }

    /// What a session's agent waits for.
    pub(crate) fn pending_approvals(&self, id: SessionId) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(move |approval| approval.session_id == id)
    }
}
