//! One session and all that belongs to it.

use std::collections::VecDeque;
use std::time::Duration;

use switchboard_domain::{Approval, Draft, QueuedMessage, QueuedMessageId, RequestId, Session, StoredSession, Waiting};

use crate::state::Transcript;

/// Approvals kept in memory after they ended; older ones are on disk. A screenful of history.
const ENDED_APPROVALS_KEPT: usize = 100;

/// One session and all that belongs to it.
#[derive(Clone, Debug)]
pub struct SessionState {
    pub(crate) session: Session,
    pub(crate) transcript: Transcript,
    pub(crate) draft: Draft,
    pub(crate) tool_progress: Option<(String, Duration)>,
    pub(crate) approvals: VecDeque<Approval>,
    pub(crate) queue: VecDeque<QueuedMessage>,
    pub(crate) waiting: Option<Waiting>,
}

impl SessionState {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            transcript: Transcript::default(),
            draft: Draft::default(),
            tool_progress: None,
            approvals: VecDeque::new(),
            queue: VecDeque::new(),
            waiting: None,
        }
    }

    pub(crate) fn stored(stored: StoredSession) -> Self {
        Self { transcript: Transcript::on_disk(stored.last_seq), draft: stored.draft, ..Self::new(stored.session) }
    }

    /// The session itself.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The part of its transcript that is in memory.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// What its agent is saying right now.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The tool that is running and for how long, as far as the agent says.
    pub fn tool_progress(&self) -> Option<(&str, Duration)> {
        self.tool_progress.as_ref().map(|(tool, elapsed)| (tool.as_str(), *elapsed))
    }

    /// Its approvals, oldest first: all that are pending, and the newest of the others.
    pub fn approvals(&self) -> impl DoubleEndedIterator<Item = &Approval> {
        self.approvals.iter()
    }

    /// One approval, if it is in memory.
    pub fn approval(&self, request_id: &RequestId) -> Option<&Approval> {
        self.approvals.iter().rev().find(|approval| approval.request.request_id == *request_id)
    }

    /// Approvals that wait for an answer, oldest first.
    pub fn pending_approvals(&self) -> impl DoubleEndedIterator<Item = &Approval> {
        self.approvals.iter().filter(|approval| approval.is_pending())
    }

    /// Messages that wait for the agent, first in first.
    pub fn queue(&self) -> impl DoubleEndedIterator<Item = &QueuedMessage> + ExactSizeIterator {
        self.queue.iter()
    }

    /// One queued message.
    pub fn queued(&self, id: QueuedMessageId) -> Option<&QueuedMessage> {
        self.queue.iter().find(|message| message.id == id)
    }

    /// What it waits for before its agent may begin; `None` when it does not.
    pub const fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    /// Adds an approval; one with the same request id, which can only have ended, gives way.
    pub(crate) fn add_approval(&mut self, approval: Approval) {
        self.approvals.retain(|known| known.request.request_id != approval.request.request_id);
        let ended = self.approvals.iter().filter(|known| !known.is_pending()).count();
        if ended >= ENDED_APPROVALS_KEPT
            && let Some(oldest) = self.approvals.iter().position(|known| !known.is_pending())
        {
            self.approvals.remove(oldest);
        }
        self.approvals.push_back(approval);
    }
}
