//! The rows of a batch, by what must be written first.

use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::{Project, Seq, Session, SessionId};

use crate::outbox::session::{DirtyDraft, DirtySession, Removal};
use crate::port::Write;
use crate::state::SessionState;

#[derive(Default)]
pub(super) struct Rows {
    removals: Vec<Write>,
    heads: Vec<Write>,
    sessions: Vec<Write>,
    messages: Vec<Write>,
    rest: Vec<Write>,
}

impl Rows {
    pub(super) fn add_project(&mut self, project: Option<&Project>) {
        self.heads.extend(project.cloned().map(Write::Project));
    }

    pub(super) fn add_setting(&mut self, value: Option<&Value>, key: String) {
        self.heads.push(match value {
            Some(value) => Write::Setting { key, value: value.clone() },
            None => Write::RemoveSetting { key },
        });
    }

    pub(super) fn add_creation(&mut self, session: Session) {
        self.heads.push(Write::Session(Box::new(session)));
    }

    /// Adds what is dirty of one session, as it stands in `session`; `None` when it does not exist.
    pub(super) fn add_session(&mut self, id: SessionId, dirty: DirtySession, session: Option<&SessionState>) {
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

    pub(super) fn in_order(self) -> Vec<Write> {
        let mut writes = self.removals;
        writes.extend(self.heads);
        writes.extend(self.sessions);
        writes.extend(self.messages);
        writes.extend(self.rest);
        writes
    }
}
