//! Getting one batch to disk, whatever it takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Change, Revision, Seq, Session, SessionChange, SessionId};
use tokio::time::{Instant, sleep, timeout};

use crate::config::StoreConfig;
use crate::port::{CommitError, Write};
use crate::receipt::Progress;
use crate::shared::Core;
use crate::writer::{Abandoned, Writer};

/// The first pause before a batch is tried again; doubles up to [`RETRY_PAUSE_MAX`].
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Short enough that saving goes on within a second after the trouble ends.
const RETRY_PAUSE_MAX: Duration = Duration::from_millis(500);

/// What came of a batch.
#[derive(Default)]
pub(crate) struct Settled {
    sessions_written: Vec<Session>,
    messages_through: BTreeMap<SessionId, Seq>,
    set_aside: Vec<(Write, String)>,
}

impl Writer {
    /// Tries until every row of the batch is on disk or set aside.
    ///
    /// A batch that the database refuses is halved until the row at fault is alone; the order of all
    /// others stays.
    pub(crate) async fn settle(&mut self, writes: Vec<Write>) -> Result<Settled, Abandoned> {
        let mut settled = Settled::default();
        let mut stack = vec![writes];
        while let Some(mut writes) = stack.pop() {
            match self.commit_or_learn_why_not(&mut writes).await? {
                Ok(()) => settled.written(writes),
                Err(_) if writes.len() > 1 => {
                    let second_half = writes.split_off(writes.len() / 2);
                    stack.push(second_half);
                    stack.push(writes);
                }
                Err(reason) => {
                    if let Some(write) = writes.pop() {
                        self.set_aside(&write, &reason).await?;
                        settled.set_aside.push((write, reason));
                    }
                }
            }
        }
        self.health.recover();
        Ok(settled)
    }

    /// Commits `writes`, trying again while the trouble can pass; `Err` is a refusal for good.
    async fn commit_or_learn_why_not(&mut self, writes: &mut Vec<Write>) -> Result<Result<(), String>, Abandoned> {
        let mut pause = RETRY_PAUSE;
        loop {
            if writes.is_empty() {
                return Ok(Ok(()));
            }
            let outcome = self.watched_commit(writes).await;
            match outcome {
                Ok(()) => return Ok(Ok(())),
                Err(CommitError::Refused { reason, .. }) => return Ok(Err(reason)),
                Err(CommitError::NotWritten { reason, .. }) => {
                    self.health.degrade(&reason);
                    self.drop_withdrawn(writes);
                }
                Err(CommitError::Unknown { reason, .. }) => self.health.degrade(&reason),
            }
            self.pause(&mut pause).await?;
        }
    }

    /// Commits once, and says so when it takes suspiciously long.
    async fn watched_commit(&mut self, writes: &[Write]) -> Result<(), CommitError> {
        let persistence = Arc::clone(&self.persistence);
        let began = Instant::now();
        let mut commit = persistence.commit(writes);
        loop {
            if let Ok(outcome) = timeout(self.shared.config.stall_after, &mut commit).await {
                return outcome;
            }
            let seconds = began.elapsed().as_secs_f32();
            self.health.degrade(&format!("the database has not answered for {seconds:.1} s"));
        }
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

    /// Leaves out sessions whose creation was taken back while the batch could not be written.
    fn drop_withdrawn(&self, writes: &mut Vec<Write>) {
        self.shared.with_core(|core| {
            writes.retain(|write| match write {
                Write::Session(session) => core.state().session(session.id).is_some() || core.is_creating(session.id),
                _ => true,
            });
        });
    }
}

impl Settled {
    fn written(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Session(session) => self.sessions_written.push(*session),
                Write::Message(message) => _ = self.messages_through.insert(message.session_id, message.seq),
                _ => {}
            }
        }
    }

    /// Carries out in memory what had to wait for the disk.
    pub(crate) fn apply_to(&self, core: &mut Core, config: &StoreConfig) {
        for session in &self.sessions_written {
            core.created(session);
        }
        for (write, reason) in &self.set_aside {
            if let Write::Session(session) = write {
                core.creation_refused(session.id, reason);
            }
            // Not the session's own error: that would write the refused row again.
            let error = format!("a change could not be saved and was set aside: {reason}");
            core.push(Change::ErrorSet { error: Some(error) });
        }
        for (id, through) in &self.messages_through {
            trim(core, *id, *through, config);
        }
    }

    /// Tells the receipts of rows that were set aside.
    pub(crate) fn report_to(&self, progress: &mut Progress, through: Revision) {
        for (write, reason) in &self.set_aside {
            progress.refuse(through, session_of(write), reason.clone());
        }
    }
}

/// Lets go of messages that are on disk, when a session has many in memory.
fn trim(core: &mut Core, id: SessionId, saved_through: Seq, config: &StoreConfig) {
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
    let wanted = transcript.last_seq().get() - u64::try_from(kept).unwrap_or(u64::MAX).min(transcript.last_seq().get());
    let through = Seq::new(wanted).min(saved_through);
    core.push_session(id, SessionChange::TranscriptTrimmed { through });
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
