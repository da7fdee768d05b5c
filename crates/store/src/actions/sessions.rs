//! Creating, changing, clearing and deleting sessions.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{
    AgentSessionId, Change, Cost, NewSession, Session, SessionChange, SessionId, SessionStatus, Timestamp, Waiting,
    WorkerProcess,
};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::locked::Core;
use crate::receipt::Receipt;
use crate::shared::Shared;
use crate::state::SessionState;
use crate::store::{Refused, Store};

/// Why a session was not created. Nothing of it is left behind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CreateError {
    /// Its project does not exist or was removed.
    #[error("there is no such project")]
    ProjectNotFound,
    /// A session of this id is being created right now.
    #[error("a session of the same id is being created")]
    AlreadyUnderWay,
    /// The database can never take it.
    #[error("the database refused the session: {reason}")]
    Refused {
        /// What the database says.
        reason: String,
    },
    /// The database did not take it in time.
    #[error("the session was not saved within {waited:?}: {reason}")]
    NotSaved {
        /// How long was waited.
        waited: Duration,
        /// What the database says, if anything.
        reason: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl Store {
    /// Creates a session. It is on disk before this returns and before anybody can see it.
    ///
    /// Creating one that exists already gives that one, so a caller may repeat what it is unsure of.
    /// A failure leaves no session and sets the app's error. Cancellation-safe: a dropped call takes
    /// the creation back, unless it has happened already.
    ///
    /// # Errors
    /// See [`CreateError`].
    pub async fn create_session(&self, new: NewSession) -> Result<Arc<SessionState>, CreateError> {
        let id = new.id;
        let outcome = self.try_create(new).await;
        // It may have happened in the very moment the wait for it ended.
        if let Some(session) = self.read(|state| state.session(id).cloned()) {
            return Ok(session);
        }
        let error = outcome.err().unwrap_or(CreateError::Closed);
        self.set_error(Some(format!("the session could not be created: {error}")));
        Err(error)
    }

    async fn try_create(&self, new: NewSession) -> Result<(), CreateError> {
        let (id, now) = (new.id, self.shared.now());
        let outcome = self.shared.with_core(|core| {
            if core.state().session(id).is_some() {
                return Ok(None);
            }
            if core.is_creating(id) {
                return Err(CreateError::AlreadyUnderWay);
            }
            if core.state().project(new.project_id).is_none_or(|project| project.deleted_at.is_some()) {
                return Err(CreateError::ProjectNotFound);
            }
            Ok(Some(core.create(Session::create(new, now))))
        })?;
        let Some(outcome) = outcome else { return Ok(()) };
        let withdrawal = Withdrawal { shared: &self.shared, id };
        let waited = self.shared.config.intent_timeout;
        let settled = self.outcome_within(waited, outcome).await;
        drop(withdrawal);
        settled
    }

    async fn outcome_within(
        &self,
        waited: Duration,
        outcome: oneshot::Receiver<Result<(), String>>,
    ) -> Result<(), CreateError> {
        let closed = self.shared.progress.wait_for(|progress| progress.closed.then_some(()));
        tokio::select! {
            biased;
            settled = outcome => match settled {
                Ok(Ok(())) => Ok(()),
                Ok(Err(reason)) => Err(CreateError::Refused { reason }),
                Err(_) => Err(CreateError::Closed),
            },
            () = closed => Err(CreateError::Closed),
            () = tokio::time::sleep(waited) => Err(CreateError::NotSaved { waited, reason: self.trouble() }),
        }
    }

    fn trouble(&self) -> String {
        self.shared.read(|state| match state.health() {
            switchboard_domain::Health::Degraded { reason, .. } => reason.clone(),
            switchboard_domain::Health::Healthy => "the database is busy".to_owned(),
        })
    }

    /// Moves a session to another status; its end is set or unset with it.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`] (and the event lands in the orphan bucket), or
    /// [`Refused::StatusNotAllowed`].
    pub fn update_status(&self, id: SessionId, status: SessionStatus) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "status", |session, at| {
            if !session.session().status().may_become(status) {
                return Err(Refused::StatusNotAllowed);
            }
            Ok(((), [SessionChange::StatusChanged { status, at }]))
        })
    }

    /// A turn begins now.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_turn_started(&self, id: SessionId) -> Result<Receipt<Timestamp>, Refused> {
        self.on_session(id, "turn started", |_, at| Ok((at, [SessionChange::TurnStarted { at }])))
    }

    /// The time the session has worked, over all finished turns.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_elapsed(&self, id: SessionId, elapsed: Duration) -> Result<Receipt<()>, Refused> {
        self.set(id, "elapsed", SessionChange::ElapsedSet { elapsed })
    }

    /// The money the session has spent, over all its processes.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_cost(&self, id: SessionId, cost: Cost) -> Result<Receipt<()>, Refused> {
        self.set(id, "cost", SessionChange::CostSet { cost })
    }

    /// The agent's own id of the conversation. Telling the same one again changes nothing.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_agent_session_id(
        &self,
        id: SessionId,
        agent_session_id: AgentSessionId,
    ) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "agent session id", |session, _| {
            let is_new = session.session().agent_session_id.as_ref() != Some(&agent_session_id);
            Ok(((), is_new.then_some(SessionChange::AgentSessionIdSet { agent_session_id })))
        })
    }

    /// Gives the session another title.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::NameEmpty`].
    pub fn set_title(&self, id: SessionId, title: &str) -> Result<Receipt<()>, Refused> {
        let title = title.trim();
        if title.is_empty() {
            return Err(Refused::NameEmpty);
        }
        self.set(id, "title", SessionChange::TitleSet { title: title.to_owned() })
    }

    /// Sets the session's error, or dismisses it.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_session_error(&self, id: SessionId, error: Option<String>) -> Result<Receipt<()>, Refused> {
        self.set(id, "error", SessionChange::SessionErrorSet { error })
    }

    /// The process that serves the session, so that a later start can find what is left of it.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_worker(&self, id: SessionId, worker: Option<WorkerProcess>) -> Result<Receipt<()>, Refused> {
        self.set(id, "worker", SessionChange::WorkerSet { worker })
    }

    /// What the session waits for before its agent may begin. In memory only.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn set_waiting(&self, id: SessionId, waiting: Option<Waiting>) -> Result<(), Refused> {
        self.on_session_unsaved(id, "waiting", |session, _| {
            let is_new = session.waiting() != waiting.as_ref();
            is_new.then_some(SessionChange::WaitingSet { waiting })
        })
    }

    /// Removes the session's transcript, approvals and queue, and forgets its agent's conversation. The
    /// session stays, and its next message is the first.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn clear_session(&self, id: SessionId) -> Result<Receipt<()>, Refused> {
        self.set(id, "clear", SessionChange::Cleared)
    }

    /// Removes the session and everything that belongs to it.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn delete_session(&self, id: SessionId) -> Result<Receipt<()>, Refused> {
        self.act(Some(id), |core| {
            must_exist(core, id, "delete", self.shared.now())?;
            core.push(Change::SessionDeleted { session_id: id });
            Ok(())
        })
    }

    fn set(&self, id: SessionId, kind: &'static str, change: SessionChange) -> Result<Receipt<()>, Refused> {
        self.on_session(id, kind, |_, _| Ok(((), [change])))
    }

    /// Decides about a session that must exist, then carries the decision out. If it does not exist,
    /// whatever came is an orphan: it touches nothing, and is counted.
    ///
    /// `decide` sees the session and the time, and gives what the action returns and the changes.
    pub(crate) fn on_session<T, Changes: IntoIterator<Item = SessionChange>>(
        &self,
        id: SessionId,
        kind: &'static str,
        decide: impl FnOnce(&SessionState, Timestamp) -> Result<(T, Changes), Refused>,
    ) -> Result<Receipt<T>, Refused> {
        self.act(Some(id), |core| self.carry_out(core, id, kind, decide))
    }

    /// [`Self::on_session`] for what nobody waits for, and what comes far too often for a receipt.
    pub(crate) fn on_session_unsaved<Changes: IntoIterator<Item = SessionChange>>(
        &self,
        id: SessionId,
        kind: &'static str,
        decide: impl FnOnce(&SessionState, Timestamp) -> Changes,
    ) -> Result<(), Refused> {
        self.shared.with_core(|core| self.carry_out(core, id, kind, |session, now| Ok(((), decide(session, now)))))
    }

    fn carry_out<T, Changes: IntoIterator<Item = SessionChange>>(
        &self,
        core: &mut Core,
        id: SessionId,
        kind: &'static str,
        decide: impl FnOnce(&SessionState, Timestamp) -> Result<(T, Changes), Refused>,
    ) -> Result<T, Refused> {
        // Under the lock, so that a transcript's moments are in its order.
        let now = self.shared.now();
        let (value, changes) = decide(must_exist(core, id, kind, now)?, now)?;
        for change in changes {
            core.push_session(id, change);
        }
        Ok(value)
    }
}

fn must_exist<'a>(
    core: &'a mut Core,
    id: SessionId,
    kind: &'static str,
    now: Timestamp,
) -> Result<&'a SessionState, Refused> {
    if core.state().session(id).is_none() {
        core.push_orphan(id, kind, now);
    }
    core.state().session(id).map(|session| &**session).ok_or(Refused::SessionNotFound)
}

/// Takes a creation back when its caller stops waiting, for whatever reason.
struct Withdrawal<'a> {
    shared: &'a Shared,
    id: SessionId,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        self.shared.with_core(|core| core.withdraw(self.id));
    }
}
