//! Getting one batch to disk, whatever it takes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Change, Revision, Seq, Session, SessionChange, SessionId};
use tokio::time::sleep;

use crate::config::StoreConfig;
use crate::locked::Core;
use crate::port::{CommitError, Write};
use crate::receipt::Progress;
use crate::writer::{Abandoned, Writer};

/// The first pause before a batch is tried again; doubles up to [`RETRY_PAUSE_MAX`].
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Short enough that saving goes on within a second after the trouble ends.
const RETRY_PAUSE_MAX: Duration = Duration::from_millis(500);

/// What came of a batch.
#[derive(Default)]
pub(crate) struct Settled {
    /// Sessions that exist nowhere else yet.
    creations: BTreeSet<SessionId>,
    created: Vec<Session>,
    not_created: Vec<(Session, String)>,
    /// Sessions with messages that are on disk now.
    grown: BTreeSet<SessionId>,
    set_aside: Vec<(Write, String)>,
}

impl Writer {
    /// Tries until every row of the batch is on disk or set aside.
    ///
    /// A batch that the database refuses is halved until the row at fault is alone; the order of all
    /// others stays.
    pub(crate) async fn settle(
        &mut self,
        writes: Vec<Write>,
        creations: BTreeSet<SessionId>,
    ) -> Result<Settled, Abandoned> {
        let mut settled = Settled { creations, ..Settled::default() };
        let mut stack = vec![writes];
        while let Some(mut writes) = stack.pop() {
            match self.commit_or_learn_why_not(&mut writes, &settled.creations).await? {
                Ok(()) => settled.written(writes),
                Err(_) if writes.len() > 1 => {
                    let second_half = writes.split_off(writes.len() / 2);
                    stack.push(second_half);
                    stack.push(writes);
                }
                Err(reason) => match writes.pop() {
                    // Nobody has seen it, and whoever asked for it is told.
                    Some(Write::Session(session)) if settled.creations.contains(&session.id) => {
                        settled.not_created.push((*session, reason));
                    }
                    Some(write) => {
                        self.set_aside(&write, &reason).await?;
                        settled.set_aside.push((write, reason));
                    }
                    None => {}
                },
            }
        }
        self.health.recover();
        Ok(settled)
    }

    /// Commits `writes`, trying again while the trouble can pass; `Err` is a refusal for good.
    async fn commit_or_learn_why_not(
        &mut self,
        writes: &mut [Write],
        creations: &BTreeSet<SessionId>,
    ) -> Result<Result<(), String>, Abandoned> {
        let mut pause = RETRY_PAUSE;
        let persistence = Arc::clone(&self.persistence);
        while !writes.is_empty() {
            match self.watched(persistence.commit(writes)).await {
                Ok(()) => break,
                Err(CommitError::Refused { reason, .. }) => return Ok(Err(reason)),
                Err(CommitError::NotWritten { reason, .. } | CommitError::Unknown { reason, .. }) => {
                    self.health.degrade(&reason);
                }
            }
            self.pause(&mut pause).await?;
            self.unmake_withdrawn(writes, creations);
        }
        Ok(Ok(()))
    }

    /// Keeps a row that the database refuses where a person can find it.
    async fn set_aside(&mut self, write: &Write, reason: &str) -> Result<(), Abandoned> {
        tracing::error!(reason, "the database refuses a row; it is set aside");
        let mut pause = RETRY_PAUSE;
        while let Err(error) = self.persistence.set_aside(write, reason).await {
            self.health.degrade(error.reason());
            self.pause(&mut pause).await?;
        }
        Ok(())
    }

    /// Waits before another try; gives up only when told to.
    async fn pause(&self, pause: &mut Duration) -> Result<(), Abandoned> {
        tokio::select! {
            biased;
            () = self.shared.abandon.cancelled() => return Err(Abandoned),
            () = sleep(*pause) => {}
        }
        *pause = (*pause * 2).min(RETRY_PAUSE_MAX);
        Ok(())
    }

    /// Turns sessions whose creation was taken back while the batch could not be written into their
    /// removal: an earlier try may have got through.
    fn unmake_withdrawn(&self, writes: &mut [Write], creations: &BTreeSet<SessionId>) {
        if creations.is_empty() {
            return;
        }
        self.shared.with_core(|core| {
            for write in writes {
                if let Write::Session(session) = write
                    && creations.contains(&session.id)
                    && !core.is_creating_exactly(session)
                {
                    *write = Write::DeleteSession(session.id);
                }
            }
        });
    }
}

impl Settled {
    fn written(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Session(session) if self.creations.contains(&session.id) => self.created.push(*session),
                Write::Message(message) => _ = self.grown.insert(message.session_id),
                _ => {}
            }
        }
    }

    /// Carries out in memory what had to wait for the disk.
    pub(crate) fn apply_to(&self, core: &mut Core, config: &StoreConfig) {
        for session in &self.created {
            core.created(session);
        }
        for (session, reason) in &self.not_created {
            core.creation_refused(session, reason);
        }
        for (_, reason) in &self.set_aside {
            // Not the session's own error: that would write the refused row again.
            let error = format!("a change could not be saved and was set aside: {reason}");
            core.push(Change::ErrorSet { error: Some(error) });
        }
        for id in &self.grown {
            trim(core, *id, config);
        }
    }

    /// Tells the receipts of rows that were set aside.
    pub(crate) fn report_to(&self, progress: &mut Progress, through: Revision) {
        for (write, reason) in &self.set_aside {
            progress.refuse(through, session_of(write), reason.clone());
        }
    }
}

/// Lets go of messages that are on disk, when a session has many in memory. Nothing is on its way to
/// the disk when this runs, so what is not dirty is there.
fn trim(core: &mut Core, id: SessionId, config: &StoreConfig) {
    let Some(session) = core.state().session(id) else { return };
    let transcript = session.transcript();
    let count = transcript.messages().len();
    // A quarter more than wanted, so that trimming is rare.
    let many = count > config.transcript_messages_max + config.transcript_messages_max / 4;
    let large = transcript.content_bytes() > config.transcript_bytes_max && count > 1;
    if !(many || large) || core.outbox.rewrites_messages_of(id) {
        return;
    }
    let kept = if many { config.transcript_messages_max } else { count / 2 };
    let wanted = transcript.last_seq().get().saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
    let saved = core.outbox.unsaved_from(id).map_or(u64::MAX, |unsaved| unsaved.get() - 1);
    let through = Seq::new(wanted.min(saved));
    if through >= transcript.first_seq() {
        core.push_session(id, SessionChange::TranscriptTrimmed { through });
    }
}

fn session_of(write: &Write) -> Option<SessionId> {
    match write {
        Write::Session(session) => Some(session.id),
        Write::Message(message) => Some(message.session_id),
        Write::Approval(approval) => Some(approval.session_id),
        Write::Queued(message) => Some(message.session_id),
        Write::Draft { session_id, .. } => Some(*session_id),
        Write::ClearSession(id) | Write::DeleteSession(id) => Some(*id),
        Write::Project(_) | Write::Dequeue(_) | Write::Setting { .. } | Write::RemoveSetting { .. } => None,
    }
}
