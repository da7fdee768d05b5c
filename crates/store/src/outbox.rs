//! What is in memory and not yet on disk.
//!
//! The outbox does not queue changes; it remembers *what is dirty*, and a batch is made of those rows
//! as they are when the batch is taken. A thousand deltas between two commits cost one row, a batch is
//! the exact state at one revision, and the order on disk is the order in memory by construction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use switchboard_domain::{
    Approval, Change, ProjectId, QueuedMessageId, RequestId, Role, Seq, Session, SessionChange, SessionId,
};

use crate::backlog::weight;
use crate::port::Write;
use crate::state::{SessionState, State};

/// What is in memory and not yet on disk.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    projects: BTreeSet<ProjectId>,
    settings: BTreeSet<String>,
    sessions: BTreeMap<SessionId, DirtySession>,
    /// Sessions that are written before they are applied.
    creations: Vec<Session>,
    /// Whether unfinished text waits for its checkpoint.
    drafts_wait: bool,
    bytes: usize,
    changes: u64,
}

#[derive(Debug, Default)]
struct DirtySession {
    /// Everything on disk must go; what memory holds comes after it.
    removed: Option<Removal>,
    row: bool,
    /// New messages start here.
    appended_from: Option<Seq>,
    /// Older messages that changed.
    rewritten: BTreeSet<Seq>,
    draft: DirtyDraft,
    /// Rows, not keys: an ended approval may leave memory before it is saved.
    approvals: BTreeMap<RequestId, Approval>,
    queued: BTreeSet<QueuedMessageId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Removal {
    Cleared,
    Deleted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum DirtyDraft {
    #[default]
    Clean,
    /// Text streamed in: can wait for the checkpoint.
    Stream,
    /// Tool calls, or a final message took its place: must go with the facts.
    Fact,
}

/// Rows to commit together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) writes: Vec<Write>,
    /// Bytes of changes, for the limit on what is unsaved.
    pub(crate) bytes: usize,
    /// Changes, for telling a person.
    pub(crate) changes: u64,
    /// Whether all unfinished text is in it.
    pub(crate) has_drafts: bool,
}

impl Outbox {
    /// Whether there is something that should be saved now.
    pub(crate) fn has_facts(&self) -> bool {
        self.changes > 0 || !self.creations.is_empty()
    }

    /// Whether unfinished text waits for its checkpoint.
    pub(crate) const fn drafts_wait(&self) -> bool {
        self.drafts_wait
    }

    /// Bytes of changes that wait.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes that wait.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether a message of the session that was saved before must be saved again; then it may not leave memory.
    pub(crate) fn rewrites_messages_of(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|dirty| !dirty.rewritten.is_empty())
    }

    /// Writes a session that is not applied yet.
    pub(crate) fn create(&mut self, session: Session) {
        self.creations.push(session);
    }

    /// Takes a creation back. What may already be on its way to the disk is removed behind it.
    pub(crate) fn withdraw(&mut self, id: SessionId) {
        self.creations.retain(|session| session.id != id);
        self.remove(id, Removal::Deleted);
        self.changes += 1;
    }

    /// Remembers what `change` made dirty. Call it after the change was applied to `state`.
    pub(crate) fn note(&mut self, change: &Change, state: &State) {
        match change {
            Change::ProjectAdded(project) => _ = self.projects.insert(project.id),
            Change::ProjectRenamed { project_id, .. } | Change::ProjectRemoved { project_id, .. } => {
                self.projects.insert(*project_id);
            }
            Change::SettingChanged { key, .. } => _ = self.settings.insert(key.clone()),
            Change::SessionDeleted { session_id } => self.remove(*session_id, Removal::Deleted),
            Change::Session { session_id, change: session_change } => {
                match self.note_session(*session_id, session_change, state) {
                    Urgency::Fact => {}
                    Urgency::Stream => {
                        self.drafts_wait = true;
                        self.bytes += weight(change);
                        return;
                    }
                    Urgency::Memory => return,
                }
            }
            Change::SessionCreated(_)
            | Change::RateLimitReported { .. }
            | Change::ActiveSessionSet { .. }
            | Change::ErrorSet { .. }
            | Change::LoadingSet { .. }
            | Change::HealthChanged { .. }
            | Change::OrphanReceived(_)
            | Change::Hydrated(_) => return,
        }
        self.changes += 1;
        self.bytes += weight(change);
    }

    fn note_session(&mut self, id: SessionId, change: &SessionChange, state: &State) -> Urgency {
        use SessionChange as Is;
        if let Is::Cleared = change {
            self.remove(id, Removal::Cleared);
            return Urgency::Fact;
        }
        let dirty = self.sessions.entry(id).or_default();
        match change {
            Is::StatusChanged { .. }
            | Is::TurnStarted { .. }
            | Is::ElapsedSet { .. }
            | Is::AgentSessionIdSet { .. }
            | Is::CostSet { .. }
            | Is::TitleSet { .. }
            | Is::SessionErrorSet { .. }
            | Is::WorkerSet { .. } => dirty.row = true,
            Is::MessageAppended { message } => {
                dirty.appended_from.get_or_insert(message.seq);
                if message.body.role == Role::Assistant {
                    dirty.draft = DirtyDraft::Fact;
                }
            }
            Is::ToolCallsSet { seq, takes_pending, .. } => {
                dirty.rewritten.insert(*seq);
                if *takes_pending {
                    dirty.draft = DirtyDraft::Fact;
                }
            }
            Is::ToolCalled { .. } | Is::ToolAnswered { .. } | Is::DraftDropped => dirty.draft = DirtyDraft::Fact,
            Is::ContentStreamed { .. } | Is::ThinkingStreamed { .. } => {
                dirty.draft = dirty.draft.max(DirtyDraft::Stream);
                return Urgency::Stream;
            }
            Is::ApprovalRequested { approval } => dirty.set_approval(approval),
            Is::ApprovalAnswered { request_id, .. } | Is::ApprovalEnded { request_id, .. } => {
                if let Some(approval) = state.session(id).and_then(|session| session.approval(request_id)) {
                    dirty.set_approval(approval);
                }
            }
            Is::MessageQueued { message } => _ = dirty.queued.insert(message.id),
            Is::QueuedMessageEdited { id, .. } | Is::DeliveryChanged { id, .. } | Is::MessageDequeued { id, .. } => {
                dirty.queued.insert(*id);
            }
            Is::Cleared | Is::ToolProgressed { .. } | Is::TranscriptLoaded { .. } | Is::TranscriptTrimmed { .. } => {
                return Urgency::Memory;
            }
        }
        Urgency::Fact
    }

    fn remove(&mut self, id: SessionId, removal: Removal) {
        let row = self.sessions.get(&id).is_some_and(|dirty| dirty.row);
        self.sessions.insert(id, DirtySession { removed: Some(removal), row, ..DirtySession::default() });
    }

    /// Takes what is dirty as it stands in `state`; unfinished text only if `with_drafts`.
    ///
    /// Removals come first and sessions before what belongs to them, so that the batch can be written
    /// in order, table by table.
    pub(crate) fn take(&mut self, state: &State, with_drafts: bool) -> Batch {
        let mut rows = Rows::default();
        for id in std::mem::take(&mut self.projects) {
            rows.heads.extend(state.project(id).cloned().map(Write::Project));
        }
        for key in std::mem::take(&mut self.settings) {
            rows.heads.push(match state.settings().get(&key) {
                Some(value) => Write::Setting { key, value: value.clone() },
                None => Write::RemoveSetting { key },
            });
        }
        rows.heads.extend(self.creations.drain(..).map(|session| Write::Session(Box::new(session))));
        for (id, mut dirty) in std::mem::take(&mut self.sessions) {
            let streaming = dirty.draft == DirtyDraft::Stream && !with_drafts;
            if streaming {
                dirty.draft = DirtyDraft::Clean;
            }
            rows.add(id, dirty, state.session(id));
            if streaming {
                let later = DirtySession { draft: DirtyDraft::Stream, ..DirtySession::default() };
                self.sessions.insert(id, later);
            }
        }
        if with_drafts {
            self.drafts_wait = false;
        }
        let (bytes, changes) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.changes));
        Batch { writes: rows.in_order(), bytes, changes, has_drafts: !self.drafts_wait }
    }
}

enum Urgency {
    Fact,
    Stream,
    Memory,
}

impl DirtySession {
    fn set_approval(&mut self, approval: &Approval) {
        self.approvals.insert(approval.request.request_id.clone(), approval.clone());
    }
}

/// The rows of a batch, by what must be written first.
#[derive(Default)]
struct Rows {
    removals: Vec<Write>,
    heads: Vec<Write>,
    sessions: Vec<Write>,
    messages: Vec<Write>,
    rest: Vec<Write>,
}

impl Rows {
    fn add(&mut self, id: SessionId, dirty: DirtySession, session: Option<&Arc<SessionState>>) {
        match dirty.removed {
            Some(Removal::Deleted) => self.removals.push(Write::DeleteSession(id)),
            Some(Removal::Cleared) => self.removals.push(Write::ClearSession(id)),
            None => {}
        }
        let Some(session) = session else { return };
        if dirty.row {
            self.sessions.push(Write::Session(Box::new(session.session.clone())));
        }
        self.add_messages(&dirty, session);
        if dirty.draft > DirtyDraft::Clean {
            self.rest.push(Write::Draft { session_id: id, draft: session.draft.clone() });
        }
        self.rest.extend(dirty.approvals.into_values().map(|approval| Write::Approval(Box::new(approval))));
        for queued in dirty.queued {
            self.rest.push(match session.queued(queued) {
                Some(message) => Write::Queued(message.clone()),
                None => Write::Dequeue(queued),
            });
        }
    }

    fn add_messages(&mut self, dirty: &DirtySession, session: &SessionState) {
        let transcript = &session.transcript;
        let appended = dirty.appended_from.map(|from| transcript.from(from));
        let before_appended = |seq: &&Seq| dirty.appended_from.is_none_or(|from| **seq < from);
        let rewritten = dirty.rewritten.iter().filter(before_appended).filter_map(|seq| transcript.get(*seq));
        let messages = rewritten.chain(appended.into_iter().flatten());
        self.messages.extend(messages.map(|message| Write::Message(Arc::clone(message))));
    }

    fn in_order(self) -> Vec<Write> {
        let mut writes = self.removals;
        writes.extend(self.heads);
        writes.extend(self.sessions);
        writes.extend(self.messages);
        writes.extend(self.rest);
        writes
    }
}
