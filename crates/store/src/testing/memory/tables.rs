//! The rows of the in-memory database, and what each write does to them.
//!
//! Every write is a list of row changes, and a row change returns the row it replaced; so a refused
//! batch is undone by putting those back, newest first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::{
    Approval, Draft, Message, MessageId, Project, ProjectId, QueuedMessage, QueuedMessageId, RequestId, Seq, Session,
    SessionId, StoredSession,
};

use crate::{PAGE_MESSAGES_MAX, Page, Write};

/// The reason why a write can never be taken.
type Refusal = String;

#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    projects: BTreeMap<ProjectId, Project>,
    sessions: BTreeMap<SessionId, Session>,
    messages: HashMap<MessageId, Kept>,
    places: BTreeMap<(SessionId, Seq), MessageId>,
    arrivals: BTreeMap<u64, MessageId>,
    drafts: BTreeMap<SessionId, Draft>,
    approvals: BTreeMap<(SessionId, RequestId), Approval>,
    queue: BTreeMap<QueuedMessageId, QueuedMessage>,
    settings: BTreeMap<String, Value>,
    last_arrival: u64,
}

/// A message, and the number of its first arrival: what "newest" means when searching.
#[derive(Clone, Debug)]
struct Kept {
    arrival: u64,
    message: Arc<Message>,
}

/// A row as it shall be, or gone.
enum Row {
    Project(ProjectId, Option<Project>),
    Session(SessionId, Option<Session>),
    Message(MessageId, Option<Kept>),
    Draft(SessionId, Option<Draft>),
    Approval((SessionId, RequestId), Option<Approval>),
    Queued(QueuedMessageId, Option<QueuedMessage>),
    Setting(String, Option<Value>),
}

impl Tables {
    /// All of `batch` in order, or nothing and why.
    pub(super) fn commit(&mut self, batch: &[Write]) -> Result<(), Refusal> {
        let mut replaced = Vec::new();
        for write in batch {
            match self.rows_of(write) {
                Ok(rows) => replaced.extend(rows.into_iter().map(|row| self.put(row))),
                Err(refusal) => {
                    for row in replaced.into_iter().rev() {
                        self.put(row);
                    }
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    fn rows_of(&mut self, write: &Write) -> Result<Vec<Row>, Refusal> {
        Ok(match write {
            Write::Project(project) => {
                self.check_project(project)?;
                vec![Row::Project(project.id, Some(project.clone()))]
            }
            Write::Session(session) => {
                if !self.projects.contains_key(&session.project_id) {
                    return Err(format!("no project {}", session.project_id));
                }
                vec![Row::Session(session.id, Some(session.as_ref().clone()))]
            }
            Write::Message(message) => {
                self.check_message(message)?;
                vec![Row::Message(message.id, Some(self.keep(message)))]
            }
            Write::Draft { session_id, draft } if draft.is_empty() => vec![Row::Draft(*session_id, None)],
            Write::Draft { session_id, draft } => {
                self.check_session(*session_id)?;
                vec![Row::Draft(*session_id, Some(draft.clone()))]
            }
            Write::Approval(approval) => {
                self.check_session(approval.session_id)?;
                let key = (approval.session_id, approval.request.request_id.clone());
                vec![Row::Approval(key, Some(approval.as_ref().clone()))]
            }
            Write::Queued(queued) => {
                self.check_session(queued.session_id)?;
                vec![Row::Queued(queued.id, Some(queued.clone()))]
            }
            Write::Dequeue(id) => vec![Row::Queued(*id, None)],
            Write::Setting { key, value } => vec![Row::Setting(key.clone(), Some(value.clone()))],
            Write::RemoveSetting { key } => vec![Row::Setting(key.clone(), None)],
            Write::ClearSession(id) => self.rows_without(*id),
            Write::DeleteSession(id) => {
                let mut rows = self.rows_without(*id);
                rows.push(Row::Session(*id, None));
                rows
            }
        })
    }

    fn check_project(&self, project: &Project) -> Result<(), Refusal> {
        if project.path.to_str().is_none() {
            return Err(format!("the path {} is not valid UTF-8", project.path.display()));
        }
        match self.projects.values().find(|other| other.path == project.path && other.id != project.id) {
            Some(other) => Err(format!("the path {} belongs to project {}", project.path.display(), other.id)),
            None => Ok(()),
        }
    }

    fn check_session(&self, id: SessionId) -> Result<(), Refusal> {
        if self.sessions.contains_key(&id) { Ok(()) } else { Err(format!("no session {id}")) }
    }

    fn check_message(&self, message: &Message) -> Result<(), Refusal> {
        self.check_session(message.session_id)?;
        if message.seq == Seq::ZERO || i64::try_from(message.seq.get()).is_err() {
            return Err(format!("{} is no place in a transcript", message.seq));
        }
        match self.places.get(&(message.session_id, message.seq)) {
            Some(other) if *other != message.id => Err(format!("place {} is taken by message {other}", message.seq)),
            _ => Ok(()),
        }
    }

    /// A message that is written again keeps its arrival.
    fn keep(&mut self, message: &Arc<Message>) -> Kept {
        let arrival = self.messages.get(&message.id).map_or(self.last_arrival + 1, |kept| kept.arrival);
        self.last_arrival = self.last_arrival.max(arrival);
        Kept { arrival, message: Arc::clone(message) }
    }

    fn rows_without(&self, id: SessionId) -> Vec<Row> {
        let messages = self.ids(id).map(|message_id| Row::Message(message_id, None));
        let approvals = self.approvals.keys().filter(|(session_id, _)| *session_id == id);
        let queued = self.queue.values().filter(|queued| queued.session_id == id);
        messages
            .chain([Row::Draft(id, None)])
            .chain(approvals.map(|key| Row::Approval(key.clone(), None)))
            .chain(queued.map(|queued| Row::Queued(queued.id, None)))
            .collect()
    }

    /// Puts the row in place and returns what was there.
    fn put(&mut self, row: Row) -> Row {
        match row {
            Row::Project(key, row) => Row::Project(key, swap(&mut self.projects, key, row)),
            Row::Session(key, row) => Row::Session(key, swap(&mut self.sessions, key, row)),
            Row::Message(key, row) => Row::Message(key, self.put_message(key, row)),
            Row::Draft(key, row) => Row::Draft(key, swap(&mut self.drafts, key, row)),
            Row::Approval(key, row) => Row::Approval(key.clone(), swap(&mut self.approvals, key, row)),
            Row::Queued(key, row) => Row::Queued(key, swap(&mut self.queue, key, row)),
            Row::Setting(key, row) => Row::Setting(key.clone(), swap(&mut self.settings, key, row)),
        }
    }

    fn put_message(&mut self, id: MessageId, row: Option<Kept>) -> Option<Kept> {
        let before = self.messages.remove(&id);
        if let Some(kept) = &before {
            self.places.remove(&(kept.message.session_id, kept.message.seq));
            self.arrivals.remove(&kept.arrival);
        }
        if let Some(kept) = row {
            self.places.insert((kept.message.session_id, kept.message.seq), id);
            self.arrivals.insert(kept.arrival, id);
            self.messages.insert(id, kept);
        }
        before
    }
}

/// Reading.
impl Tables {
    pub(super) fn projects(&self) -> Vec<Project> {
        let mut projects: Vec<_> = self.projects.values().cloned().collect();
        projects.sort_by_key(|project| (project.created_at, project.id));
        projects
    }

    pub(super) fn sessions(&self) -> Vec<StoredSession> {
        let mut sessions: Vec<_> = self.sessions.values().map(|session| self.stored(session)).collect();
        sessions.sort_by_key(|stored| std::cmp::Reverse((stored.session.created_at, stored.session.id)));
        sessions
    }

    pub(super) fn stored_session(&self, id: SessionId) -> Option<StoredSession> {
        self.sessions.get(&id).map(|session| self.stored(session))
    }

    fn stored(&self, session: &Session) -> StoredSession {
        let last = self.places.range(places_of(session.id)).next_back();
        StoredSession {
            session: session.clone(),
            last_seq: last.map_or(Seq::ZERO, |((_, seq), _)| *seq),
            draft: self.drafts.get(&session.id).cloned().unwrap_or_default(),
        }
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    pub(super) fn pending_approvals(&self) -> Vec<Approval> {
        let mut pending: Vec<_> = self.approvals.values().filter(|approval| approval.is_pending()).cloned().collect();
        pending.sort_by_key(|approval| approval.requested_at);
        pending
    }

    pub(super) fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Option<Approval> {
        self.approvals.get(&(session_id, request_id.clone())).cloned()
    }

    pub(super) fn queue(&self) -> Vec<QueuedMessage> {
        self.queue.values().cloned().collect()
    }

    pub(super) fn settings(&self) -> Vec<(String, Value)> {
        self.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub(super) fn transcript(&self, session_id: SessionId) -> Vec<Arc<Message>> {
        self.ids(session_id).map(|id| Arc::clone(&self.messages[&id].message)).collect()
    }

    pub(super) fn page(&self, session_id: SessionId, page: Page, limit: u32) -> Vec<Message> {
        let limit = usize::try_from(limit.min(PAGE_MESSAGES_MAX)).unwrap_or(usize::MAX);
        let transcript = self.transcript(session_id);
        let part: Vec<_> = match page {
            Page::Newest => transcript.iter().rev().take(limit).rev().collect(),
            Page::Before(seq) => transcript.iter().rev().filter(|message| message.seq < seq).take(limit).collect(),
            Page::After(seq) => transcript.iter().filter(|message| message.seq > seq).take(limit).collect(),
        };
        let mut messages: Vec<_> = part.into_iter().map(|message| message.as_ref().clone()).collect();
        messages.sort_by_key(|message| message.seq);
        messages
    }

    /// All messages, the one that arrived last first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.arrivals.values().rev().map(|id| self.messages[id].message.as_ref())
    }

    fn ids(&self, session_id: SessionId) -> impl Iterator<Item = MessageId> {
        self.places.range(places_of(session_id)).map(|(_, id)| *id)
    }
}

fn places_of(id: SessionId) -> std::ops::RangeInclusive<(SessionId, Seq)> {
    (id, Seq::ZERO)..=(id, Seq::new(u64::MAX))
}

fn swap<K: Ord, V>(rows: &mut BTreeMap<K, V>, key: K, row: Option<V>) -> Option<V> {
    match row {
        Some(row) => rows.insert(key, row),
        None => rows.remove(&key),
    }
}
