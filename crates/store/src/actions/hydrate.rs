//! Coming back to life: reading what was on disk when the app starts.

use switchboard_domain::{
    Approval, ApprovalEnd, Change, Delivery, Hydrated, Project, QueuedMessage, SessionChange, SessionId, SessionStatus,
    StoredSession, WorkerProcess,
};
use thiserror::Error;

use crate::actions::transcript::settle_draft;
use crate::port::{Persistence, ReadError};
use crate::shared::Core;
use crate::store::Store;

/// What came of a hydration that worked.
#[derive(Debug, Default)]
pub struct Hydration {
    /// Sessions that ran when the app stopped; now interrupted.
    pub interrupted: Vec<SessionId>,
    /// What could not be read; everything else is there.
    pub problems: Vec<ReadError>,
}

/// The list of sessions could not be read, so nothing was: an empty list must not be taken for the truth.
#[derive(Debug, Error)]
#[error("the sessions could not be loaded: {0}")]
pub struct HydrateError(#[source] pub ReadError);

impl Store {
    /// Reads everything but transcripts, marks sessions that were running as interrupted, and loads
    /// the newest session's transcript. [`State::is_loading`](crate::State::is_loading) is true meanwhile.
    ///
    /// Only for the owner of the data folder, after its predecessor's processes are known to be gone.
    /// Interruptions are facts like any other: shown at once, and saved as soon as the disk lets them.
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
    pub async fn hydrate_after(
        &self,
        end_leftovers: impl AsyncFnOnce(&[(SessionId, WorkerProcess)]),
    ) -> Result<Hydration, HydrateError> {
        self.set_loading(true);
        let outcome = self.try_hydrate(end_leftovers).await;
        match &outcome {
            Err(error) => self.set_error(Some(error.to_string())),
            Ok(Hydration { problems, .. }) => {
                if let Some(problem) = problems.first() {
                    self.set_error(Some(problem.to_string()));
                }
            }
        }
        self.set_loading(false);
        outcome
    }

    async fn try_hydrate(
        &self,
        end_leftovers: impl AsyncFnOnce(&[(SessionId, WorkerProcess)]),
    ) -> Result<Hydration, HydrateError> {
        let persistence = &self.shared.persistence;
        let sessions = persistence.sessions().await.map_err(HydrateError)?;
        let served = sessions.iter().filter_map(|it| it.session.worker.map(|worker| (it.session.id, worker)));
        end_leftovers(&served.collect::<Vec<_>>()).await;
        let (rest, mut problems) = read_rest(&**persistence).await;
        let interrupted = self.take_in(Hydrated { sessions, ..rest });
        if let Err(problem) = self.open_newest().await {
            problems.push(problem);
        }
        Ok(Hydration { interrupted, problems })
    }

    fn set_loading(&self, loading: bool) {
        self.shared.with_core(|core| core.push(Change::LoadingSet { loading }));
    }

    fn take_in(&self, hydrated: Hydrated) -> Vec<SessionId> {
        let ids_where = |matches: fn(&StoredSession) -> bool| -> Vec<_> {
            hydrated.sessions.iter().filter(|it| matches(it)).map(|it| it.session.id).collect()
        };
        let served = ids_where(|it| it.session.worker.is_some());
        let interrupted = ids_where(|it| it.session.status() == SessionStatus::Running);
        let sending: Vec<_> = hydrated.queue.iter().filter(|it| it.delivery == Delivery::Sending).cloned().collect();
        let pending: Vec<_> = hydrated.approvals.iter().filter(|it| it.is_pending()).cloned().collect();
        self.shared.with_core(|core| {
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
        });
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
        let newest = self.read(|state| state.sessions().next().map(|it| it.session().id));
        let Some(id) = newest else { return Ok(()) };
        self.shared.with_core(|core| core.push(Change::ActiveSessionSet { session_id: Some(id) }));
        match self.load_transcript(id).await {
            Err(crate::reading::MessagesError::Read(error)) => Err(error),
            // Deleted in this very moment: nothing to look at.
            Ok(()) | Err(crate::reading::MessagesError::SessionNotFound) => Ok(()),
        }
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
