//! What is in memory and not yet on disk.
//!
//! The outbox does not queue changes; it remembers *what is dirty*, and a batch is made of those rows
//! as they are when the batch is taken. A thousand deltas between two commits cost one row, a batch is
//! the exact state at one revision, and the order on disk is the order in memory by construction.

mod load;
mod rows;
mod session;

use std::collections::{BTreeMap, BTreeSet};

use switchboard_domain::{Change, ProjectId, Seq, Session, SessionChange, SessionId};

use crate::port::Write;
use crate::state::State;
pub(crate) use load::Load;
use rows::Rows;
use session::{DirtySession, Removal};

/// What is in memory and not yet on disk.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    projects: BTreeSet<ProjectId>,
    settings: BTreeSet<String>,
    sessions: BTreeMap<SessionId, DirtySession>,
    /// Sessions that are written before they are applied.
    creations: Vec<Session>,
    /// What should be saved now.
    facts: Load,
    /// Unfinished text, which waits for its checkpoint.
    streams: Load,
}

/// How soon a change must be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// With the next batch.
    Fact,
    /// With the next checkpoint.
    Stream,
    /// Never: it is not kept on disk.
    Memory,
}

/// Rows to commit together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) writes: Vec<Write>,
    /// The sessions in it that exist nowhere else yet.
    pub(crate) creations: BTreeSet<SessionId>,
    /// What it relieves memory of.
    pub(crate) load: Load,
}

impl Outbox {
    /// Whether there is something that should be saved now.
    pub(crate) fn has_facts(&self) -> bool {
        self.facts.changes > 0 || !self.creations.is_empty()
    }

    /// Whether unfinished text waits for its checkpoint.
    pub(crate) const fn drafts_wait(&self) -> bool {
        self.streams.changes > 0
    }

    /// All that waits.
    pub(crate) fn load(&self) -> Load {
        self.facts + self.streams
    }

    /// The oldest message of the session that was never taken for the disk, if there is one.
    pub(crate) fn unsaved_from(&self, id: SessionId) -> Option<Seq> {
        self.sessions.get(&id)?.appended_from()
    }

    /// Whether a message of the session that was saved before must be saved again; then it may not leave memory.
    pub(crate) fn rewrites_messages_of(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(DirtySession::rewrites_messages)
    }

    /// Writes a session that is not applied yet.
    pub(crate) fn create(&mut self, session: Session) {
        self.creations.push(session);
    }

    /// Takes a creation back. What may already be on its way to the disk is removed behind it.
    pub(crate) fn withdraw(&mut self, id: SessionId) {
        self.creations.retain(|session| session.id != id);
        self.remove(id, Removal::Deleted);
        self.facts.changes += 1;
    }

    /// Remembers what `change` made dirty. Call it after the change was applied to `state`.
    pub(crate) fn note(&mut self, change: &Change, state: &State) -> Urgency {
        let urgency = self.mark(change, state);
        match urgency {
            Urgency::Fact => self.facts += Load::of(change),
            Urgency::Stream => self.streams += Load::of(change),
            Urgency::Memory => {}
        }
        urgency
    }

    fn mark(&mut self, change: &Change, state: &State) -> Urgency {
        match change {
            Change::ProjectAdded(project) => _ = self.projects.insert(project.id),
            Change::ProjectRenamed { project_id, .. } | Change::ProjectRemoved { project_id, .. } => {
                self.projects.insert(*project_id);
            }
            Change::SettingChanged { key, .. } => _ = self.settings.insert(key.clone()),
            Change::SessionDeleted { session_id } => self.remove(*session_id, Removal::Deleted),
            Change::Session { session_id, change: SessionChange::Cleared } => {
                self.remove(*session_id, Removal::Cleared);
            }
            Change::Session { session_id, change } => {
                let session = state.session(*session_id).map(|session| &**session);
                return self.sessions.entry(*session_id).or_default().mark(change, session);
            }
            Change::SessionCreated(_)
            | Change::RateLimitReported { .. }
            | Change::ActiveSessionSet { .. }
            | Change::ErrorSet { .. }
            | Change::LoadingSet { .. }
            | Change::HealthChanged { .. }
            | Change::OrphanReceived(_)
            | Change::Hydrated(_) => return Urgency::Memory,
        }
        Urgency::Fact
    }

    fn remove(&mut self, id: SessionId, removal: Removal) {
        let before = self.sessions.remove(&id).unwrap_or_default();
        self.sessions.insert(id, before.removed(removal));
    }

    /// Takes what is dirty as it stands in `state`; unfinished text only if `with_drafts`.
    ///
    /// Removals come first and sessions before what belongs to them, so that the batch can be written
    /// in order, table by table.
    pub(crate) fn take(&mut self, state: &State, with_drafts: bool) -> Batch {
        let mut rows = Rows::default();
        let mut load = std::mem::take(&mut self.facts);
        if with_drafts {
            load += std::mem::take(&mut self.streams);
        }
        for id in std::mem::take(&mut self.projects) {
            rows.add_project(state.project(id));
        }
        for key in std::mem::take(&mut self.settings) {
            rows.add_setting(state.settings().get(&key), key);
        }
        let creations = self.creations.iter().map(|session| session.id).collect();
        for session in self.creations.drain(..) {
            rows.add_creation(session);
        }
        for (id, mut dirty) in std::mem::take(&mut self.sessions) {
            if !with_drafts && let Some(later) = dirty.split_off_stream() {
                self.sessions.insert(id, later);
            }
            rows.add_session(id, dirty, state.session(id).map(|session| &**session));
        }
        Batch { writes: rows.in_order(), creations, load }
    }
}
