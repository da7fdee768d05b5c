//! What of one session is not on disk.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_domain::{Approval, QueuedMessageId, RequestId, Role, Seq, SessionChange};

use crate::outbox::Urgency;
use crate::state::SessionState;

#[derive(Debug, Default)]
pub(super) struct DirtySession {
    /// Everything on disk must go; what memory holds comes after it.
    pub(super) removed: Option<Removal>,
    pub(super) row: bool,
    /// New messages start here.
    pub(super) appended_from: Option<Seq>,
    /// Older messages that changed.
    pub(super) rewritten: BTreeSet<Seq>,
    pub(super) draft: DirtyDraft,
    /// Rows, not keys: an ended approval may leave memory before it is saved.
    pub(super) approvals: BTreeMap<RequestId, Approval>,
    pub(super) queued: BTreeSet<QueuedMessageId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Cleared,
    Deleted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DirtyDraft {
    #[default]
    Clean,
    /// Text streamed in: can wait for the checkpoint.
    Stream,
    /// Tool calls, or a final message took its place: must go with the facts.
    Fact,
}

impl DirtySession {
    pub(super) const fn appended_from(&self) -> Option<Seq> {
        self.appended_from
    }

    pub(super) fn rewrites_messages(&self) -> bool {
        !self.rewritten.is_empty()
    }

    /// What is dirty once everything of the session was removed: only its own row, if it was before, or
    /// stays and has forgotten its agent's conversation.
    pub(super) fn removed(&self, removal: Removal) -> Self {
        Self { removed: Some(removal), row: self.row || removal == Removal::Cleared, ..Self::default() }
    }

    /// Leaves out unfinished text that can wait, and gives what then stays dirty.
    pub(super) fn split_off_stream(&mut self) -> Option<Self> {
        if self.draft != DirtyDraft::Stream {
            return None;
        }
        self.draft = DirtyDraft::Clean;
        Some(Self { draft: DirtyDraft::Stream, ..Self::default() })
    }

    /// Remembers what `change`, already applied to `session`, made dirty.
    pub(super) fn mark(&mut self, change: &SessionChange, session: Option<&SessionState>) -> Urgency {
        use SessionChange as Is;
        match change {
            Is::StatusChanged { .. }
            | Is::TurnStarted { .. }
            | Is::ElapsedSet { .. }
            | Is::AgentSessionIdSet { .. }
            | Is::CostSet { .. }
            | Is::TitleSet { .. }
            | Is::SessionErrorSet { .. }
            | Is::WorkerSet { .. } => self.row = true,
            Is::MessageAppended { message } => {
                self.appended_from.get_or_insert(message.seq);
                // The session's own usage grew with it.
                self.row |= message.body.usage.is_some();
                if message.body.role == Role::Assistant {
                    self.draft = DirtyDraft::Fact;
                }
            }
            Is::ToolCallsSet { seq, takes_pending, .. } => {
                self.rewritten.insert(*seq);
                if *takes_pending {
                    self.draft = DirtyDraft::Fact;
                }
            }
            Is::ToolCalled { .. } | Is::ToolAnswered { .. } | Is::DraftDropped => self.draft = DirtyDraft::Fact,
            Is::ContentStreamed { .. } | Is::ThinkingStreamed { .. } => {
                self.draft = self.draft.max(DirtyDraft::Stream);
                return Urgency::Stream;
            }
            Is::ApprovalRequested { approval } => self.set_approval(approval),
            Is::ApprovalAnswered { request_id, .. } | Is::ApprovalEnded { request_id, .. } => {
                if let Some(approval) = session.and_then(|session| session.approval(request_id)) {
                    self.set_approval(approval);
                }
            }
            Is::MessageQueued { message } => _ = self.queued.insert(message.id),
            Is::QueuedMessageEdited { id, .. } | Is::DeliveryChanged { id, .. } | Is::MessageDequeued { id, .. } => {
                self.queued.insert(*id);
            }
            Is::Cleared
            | Is::WaitingSet { .. }
            | Is::ToolProgressed { .. }
            | Is::TranscriptLoaded { .. }
            | Is::TranscriptTrimmed { .. } => {
                return Urgency::Memory;
            }
        }
        Urgency::Fact
    }

    fn set_approval(&mut self, approval: &Approval) {
        self.approvals.insert(approval.request.request_id.clone(), approval.clone());
    }
}
