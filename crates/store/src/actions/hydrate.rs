//! Coming back to life: reading what was on disk when the app starts.

use switchboard_domain::{
    Approval, ApprovalEnd, Change, Delivery, Hydrated, Project, QueuedMessage, SessionChange, SessionId, SessionStatus,
    StoredSession, WorkerProcess,
};
use thiserror::Error;

use crate::actions::transcript::settle_draft;
use crate::locked::Core;
use crate::port::{Persistence, ReadError};
use crate::shared::Shared;
use crate::store::Store;

/// What came of a hydration that worked.
#[derive(Debug, Default)]
pub struct Hydration {
    /// Sessions that ran when the app stopped; now interrupted.
    pub interrupted: Vec<SessionId>,
    /// What could not be read; everything else is there.
    pub problems: Vec<ReadError>,
}

/// A session whose agent may still run although the app that started it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The session.
    pub session_id: SessionId,
    /// The agent's process; `None` if the app was gone before it was recorded.
    pub worker: Option<WorkerProcess>,
}

/// The list of sessions could not be read, so nothing was: an empty list must not be taken for the truth.
#[derive(Debug, Error)]
#[error("the sessions could not be loaded: {0}")]
pub struct HydrateError(#[source] pub ReadError);

impl Store {
    /// Reads everything but transcripts, marks sessions that were running as interrupted, and loads
    /// the newest session's transcript. [`State::is_loading`](crate::State::is_loading) is true meanwhile.
    ///
    /// Only for the owner of the data folder, after its predecessor's processes are known to be gone,
    /// and before any other action: what is in memory already is taken for newer and stays as it is,
    /// so hydrating again brings back only sessions that could not be read before. Interruptions are
    /// facts like any other: shown at once, and saved as soon as the disk lets them.
    ///
    /// Cancellation-safe: a dropped call leaves the flag false, and what it read, or nothing.
    ///
    /// # Errors
    /// When the list of sessions cannot be read. The app's error is set.
    pub async fn hydrate(&self) -> Result<Hydration, HydrateError> {
        self.hydrate_after(async |_| {}).await
    }

    /// [`Store::hydrate`], with something to be done to the processes that served sessions when the
    /// app stopped, before those sessions are called interrupted: making sure that they are gone.
    ///
    /// # Errors
    /// When the list of sessions cannot be read. The app's error is set.
    pub async fn hydrate_after(&self, end_leftovers: impl AsyncFnOnce(&[Leftover])) -> Result<Hydration, HydrateError> {
        let _loading = LoadingFlag::raise(&self.shared);
        let outcome = self.try_hydrate(end_leftovers).await;
        match &outcome {
            Err(error) => self.set_error(Some(error.to_string())),
            Ok(Hydration { problems, .. }) => {
                if let Some(problem) = problems.first() {
                    self.set_error(Some(problem.to_string()));
                }
            }
        }
        outcome
    }

    async fn try_hydrate(&self, end_leftovers: impl AsyncFnOnce(&[Leftover])) -> Result<Hydration, HydrateError> {
        let persistence = &self.shared.persistence;
        let sessions = persistence.sessions().await.map_err(HydrateError)?;
        end_leftovers(&self.leftovers(&sessions)).await;
        let (rest, mut problems) = read_rest(&**persistence).await;
        let interrupted = self.take_in(Hydrated { sessions, ..rest });
        if let Err(problem) = self.open_newest().await {
            problems.push(problem);
        }
        Ok(Hydration { interrupted, problems })
    }

    /// Processes of a former life of the app: a session that is in memory has one of this life.
    fn leftovers(&self, sessions: &[StoredSession]) -> Vec<Leftover> {
        let known = self.snapshot();
        let old = sessions.iter().filter(|it| known.session(it.session.id).is_none());
        let served = old.filter(|it| it.session.worker.is_some() || it.session.status() == SessionStatus::Running);
        served.map(|it| Leftover { session_id: it.session.id, worker: it.session.worker }).collect()
    }

    fn take_in(&self, mut hydrated: Hydrated) -> Vec<SessionId> {
        self.shared.with_core(|core| {
            leave_out_known(core, &mut hydrated);
            self.take_in_new(core, hydrated)
        })
    }

    fn take_in_new(&self, core: &mut Core, hydrated: Hydrated) -> Vec<SessionId> {
        let ids_where = |matches: fn(&StoredSession) -> bool| -> Vec<_> {
            hydrated.sessions.iter().filter(|it| matches(it)).map(|it| it.session.id).collect()
        };
        let served = ids_where(|it| it.session.worker.is_some());
        let interrupted = ids_where(|it| it.session.status() == SessionStatus::Running);
        let sending: Vec<_> = hydrated.queue.iter().filter(|it| it.delivery == Delivery::Sending).cloned().collect();
        let pending: Vec<_> = hydrated.approvals.iter().filter(|it| it.is_pending()).cloned().collect();
        core.push(Change::Hydrated(Box::new(hydrated)));
        for message in &sending {
            let change = SessionChange::DeliveryChanged { id: message.id, delivery: Delivery::Unknown };
            core.push_session(message.session_id, change);
        }
        for approval in pending {
            self.expire(core, approval);
        }
        for id in served {
            core.push_session(id, SessionChange::WorkerSet { worker: None });
        }
        for id in &interrupted {
            self.interrupt(core, *id);
        }
        interrupted
    }

    fn expire(&self, core: &mut Core, approval: Approval) {
        let at = self.shared.now();
        let change =
            SessionChange::ApprovalEnded { request_id: approval.request.request_id, end: ApprovalEnd::Expired, at };
        core.push_session(approval.session_id, change);
    }

    /// What the session's agent said last is kept as a message, and its status says what happened.
    fn interrupt(&self, core: &mut Core, id: SessionId) {
        let at = self.shared.now();
        let settled = core.state().session(id).and_then(|it| settle_draft(it, self.next_message_id(), at));
        let stopped = SessionChange::StatusChanged { status: SessionStatus::Interrupted, at };
        for change in settled.into_iter().chain([stopped]) {
            core.push_session(id, change);
        }
    }

    /// The newest session is the one that is looked at first.
    async fn open_newest(&self) -> Result<(), ReadError> {
        let active = self.shared.with_core(|core| {
            let newest = core.state().sessions().next().map(|it| it.session().id);
            if core.state().active_session().is_none() && newest.is_some() {
                core.push(Change::ActiveSessionSet { session_id: newest });
            }
            core.state().active_session()
        });
        let Some(id) = active else { return Ok(()) };
        match self.load_transcript(id).await {
            Err(crate::reading::MessagesError::Read(error)) => Err(error),
            // Deleted in this very moment: nothing to look at.
            Ok(()) | Err(crate::reading::MessagesError::SessionNotFound) => Ok(()),
        }
    }
}

/// Leaves out what memory knows better: sessions that are there, or on their way, or were deleted
/// while the reading went on, with all that belongs to them. Only what came from a former life of the
/// app may be marked as interrupted.
fn leave_out_known(core: &Core, hydrated: &mut Hydrated) {
    let is_new = |id: SessionId| {
        core.state().session(id).is_none() && !core.is_creating(id) && !core.loading.has_seen_deleted(id)
    };
    hydrated.sessions.retain(|it| is_new(it.session.id));
    hydrated.approvals.retain(|it| is_new(it.session_id));
    hydrated.queue.retain(|it| is_new(it.session_id));
}

/// Says that hydration is under way for as long as it is, also when its caller stops waiting.
struct LoadingFlag<'a> {
    shared: &'a Shared,
}

impl<'a> LoadingFlag<'a> {
    fn raise(shared: &'a Shared) -> Self {
        shared.with_core(|core| {
            core.loading.begin();
            core.push(Change::LoadingSet { loading: true });
        });
        Self { shared }
    }
}

impl Drop for LoadingFlag<'_> {
    fn drop(&mut self) {
        self.shared.with_core(|core| {
            if core.loading.end() {
                core.push(Change::LoadingSet { loading: false });
            }
        });
    }
}

/// Everything but sessions; what cannot be read is reported and left out.
async fn read_rest(persistence: &dyn Persistence) -> (Hydrated, Vec<ReadError>) {
    let mut problems = Vec::new();
    let projects: Vec<Project> = note(persistence.projects().await, &mut problems);
    let approvals = note(persistence.pending_approvals().await, &mut problems);
    let queue: Vec<QueuedMessage> = note(persistence.queue().await, &mut problems);
    let settings = note(persistence.settings().await, &mut problems);
    (Hydrated { projects, sessions: Vec::new(), approvals, queue, settings }, problems)
}

fn note<T: Default>(outcome: Result<T, ReadError>, problems: &mut Vec<ReadError>) -> T {
    outcome.unwrap_or_else(|problem| {
        problems.push(problem);
        T::default()
    })
}
