//! What a batch does, arranged so that it takes few statements.
//!
//! Clearing or deleting a session cuts a batch in two: what stands before it must be gone, what
//! stands after must stay. Between two cuts only the last write to each row counts, and the order of
//! tables is free except that owners go first. So a batch is a list of [`Run`]s, each of one set of
//! rows per table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use switchboard_domain::{MessageId, QueuedMessageId, RequestId, SessionId};
use switchboard_store::Write;

use crate::entity::{Unstorable, agent_sessions, app_settings, approvals, drafts, messages, projects, queued_messages};
use crate::json;

/// One part of a batch, in the order in which they are done.
pub(crate) enum Step {
    /// Rows to write and to remove.
    Run(Box<Run>),
    /// Everything of a session but the session.
    Clear(SessionId),
    /// A session with everything.
    Delete(SessionId),
}

/// Rows to write and to remove, whose order does not matter beyond that of the fields.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) projects: Vec<projects::Model>,
    pub(crate) sessions: LastWrites<SessionId, agent_sessions::Model>,
    pub(crate) messages: LastWrites<MessageId, messages::NewRow>,
    pub(crate) drafts: LastWrites<SessionId, Option<drafts::Model>>,
    pub(crate) approvals: LastWrites<(SessionId, RequestId), approvals::Model>,
    pub(crate) queue: LastWrites<QueuedMessageId, Option<queued_messages::Model>>,
    pub(crate) settings: LastWrites<String, Option<app_settings::Model>>,
}

/// The steps of a batch.
///
/// # Errors
/// When a write can never be taken; nothing was done yet.
pub(crate) fn plan(batch: &[Write]) -> Result<Vec<Step>, Unstorable> {
    let mut steps = Vec::new();
    let mut run: Option<Box<Run>> = None;
    for write in batch {
        let cut = match write {
            Write::ClearSession(id) => Step::Clear(*id),
            Write::DeleteSession(id) => Step::Delete(*id),
            row => {
                run.get_or_insert_default().add(row)?;
                continue;
            }
        };
        steps.extend(run.take().map(Step::Run));
        steps.push(cut);
    }
    steps.extend(run.map(Step::Run));
    Ok(steps)
}

impl Run {
    fn add(&mut self, write: &Write) -> Result<(), Unstorable> {
        match write {
            // Projects are few, and one may take the path that another leaves: all writes, in order.
            Write::Project(project) => self.projects.push(project.try_into()?),
            Write::Session(session) => self.sessions.put(session.id, session.as_ref().into()),
            Write::Message(message) => self.messages.put(message.id, message.as_ref().try_into()?),
            Write::Draft { session_id, draft } => {
                let row = if draft.is_empty() { None } else { Some((*session_id, draft).try_into()?) };
                self.drafts.put(*session_id, row);
            }
            Write::Approval(approval) => {
                let key = (approval.session_id, approval.request.request_id.clone());
                self.approvals.put(key, approval.as_ref().try_into()?);
            }
            Write::Queued(queued) => self.queue.put(queued.id, Some(queued.into())),
            Write::Dequeue(id) => self.queue.put(*id, None),
            Write::Setting { key, value } => {
                let row = app_settings::Model { key: key.clone(), value: json::to_text(value)? };
                self.settings.put(key.clone(), Some(row));
            }
            Write::RemoveSetting { key } => self.settings.put(key.clone(), None),
            Write::ClearSession(_) | Write::DeleteSession(_) => {}
        }
        Ok(())
    }
}

/// The last row written for each key, in the order of the first.
pub(crate) struct LastWrites<K, R> {
    rows: Vec<(K, R)>,
    places: HashMap<K, usize>,
}

impl<K, R> Default for LastWrites<K, R> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash, R> LastWrites<K, R> {
    fn put(&mut self, key: K, row: R) {
        match self.places.entry(key.clone()) {
            Entry::Occupied(place) => self.rows[*place.get()].1 = row,
            Entry::Vacant(place) => {
                place.insert(self.rows.len());
                self.rows.push((key, row));
            }
        }
    }

    /// The rows.
    pub(crate) fn into_rows(self) -> Vec<R> {
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl<K, R> LastWrites<K, Option<R>> {
    /// The rows that shall be, and the keys of those that shall be gone.
    pub(crate) fn split(self) -> (Vec<R>, Vec<K>) {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for (key, row) in self.rows {
            match row {
                Some(row) => rows.push(row),
                None => gone.push(key),
            }
        }
        (rows, gone)
    }
}

#[cfg(test)]
mod tests {
    use switchboard_store::testing::sample;

    use super::*;

    fn shape(batch: &[Write]) -> Vec<String> {
        let steps = plan(batch).expect("storable");
        let shape = steps.into_iter().map(|step| match step {
            Step::Run(run) => format!("{} messages", run.messages.into_rows().len()),
            Step::Clear(_) => "clear".into(),
            Step::Delete(_) => "delete".into(),
        });
        shape.collect()
    }

    #[test]
    fn only_clearing_and_deleting_cut_a_batch() {
        let message = |seq| Write::Message(sample::message(1, seq).into());
        let (clear, delete) = (Write::ClearSession(sample::session_id(1)), Write::DeleteSession(sample::session_id(1)));
        let session = Write::Session(Box::new(sample::session(1, 1)));
        assert_eq!(shape(&[]), [""; 0]);
        assert_eq!(shape(&[message(1), session, message(2), message(1)]), ["2 messages"]);
        assert_eq!(shape(&[clear.clone(), message(1), delete]), ["clear", "1 messages", "delete"]);
        assert_eq!(shape(&[message(1), clear, message(1)]), ["1 messages", "clear", "1 messages"]);
    }

    #[test]
    fn the_last_write_to_a_row_counts() {
        let mut rows = LastWrites::default();
        for (key, row) in [(1, Some("a")), (2, Some("b")), (1, None), (3, None), (3, Some("c"))] {
            rows.put(key, row);
        }
        assert_eq!(rows.split(), (vec!["b", "c"], vec![1]));
    }
}
