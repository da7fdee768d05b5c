//! The simple model: what each action does, without a disk, a lock or a task.

use std::collections::BTreeMap;

use switchboard_domain::{Delivery, Role, SessionId, SessionStatus};

use crate::state_machine::picture::{Entry, Picture, Sitting, Standing};

impl Sitting {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            status: SessionStatus::Running,
            title: title.to_owned(),
            transcript: Vec::new(),
            streamed: String::new(),
            pending: Vec::new(),
            queue: Vec::new(),
            approvals: BTreeMap::new(),
        }
    }

    pub(crate) fn say(&mut self, text: &str) {
        let calls = std::mem::take(&mut self.pending);
        self.streamed.clear();
        self.transcript.push(Entry { role: Role::Assistant, text: text.to_owned(), calls });
    }

    pub(crate) fn begin_turn(&mut self, text: &str) {
        self.transcript.push(Entry { role: Role::User, text: text.to_owned(), calls: Vec::new() });
        self.status = SessionStatus::Running;
    }

    /// Whether a turn was under way.
    pub(crate) fn end_turn(&mut self) -> bool {
        if self.status != SessionStatus::Running {
            return false;
        }
        self.settle(true);
        self.end_approvals();
        self.status = SessionStatus::Completed;
        true
    }

    /// Nothing stays unfinished. A session of a former life does not know its last message.
    fn settle(&mut self, knows_its_last_message: bool) {
        let text = std::mem::take(&mut self.streamed);
        let calls = std::mem::take(&mut self.pending);
        let last = self.transcript.last_mut().filter(|it| knows_its_last_message && it.role == Role::Assistant);
        match last {
            _ if text.is_empty() && calls.is_empty() => {}
            Some(last) if text.is_empty() => last.calls.extend(calls),
            _ => self.transcript.push(Entry { role: Role::Assistant, text, calls }),
        }
    }

    fn end_approvals(&mut self) {
        for standing in self.approvals.values_mut().filter(|it| **it == Standing::Pending) {
            *standing = Standing::Ended;
        }
    }

    /// The first of the queue goes out, unless one is out already.
    pub(crate) fn pop(&mut self) -> bool {
        let waits = self.queue.first_mut().filter(|(_, delivery)| *delivery == Delivery::Waiting);
        waits.map(|(_, delivery)| *delivery = Delivery::Sending).is_some()
    }

    /// The agent has what was sent.
    pub(crate) fn deliver(&mut self) {
        let (text, _) = self.queue.remove(0);
        self.begin_turn(&text);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self { status: self.status, ..Self::new(&self.title) };
    }
}

impl Picture {
    /// The ids of all sessions, in an order that does not change.
    pub(crate) fn ids(&self) -> Vec<SessionId> {
        self.sessions.keys().copied().collect()
    }

    /// What a new life makes of this disk.
    pub(crate) fn hydrated(mut self) -> Self {
        for sitting in self.sessions.values_mut() {
            if sitting.status == SessionStatus::Running {
                sitting.settle(false);
                sitting.status = SessionStatus::Interrupted;
            }
            // None waits any more, and those that are settled belong to the life before.
            sitting.approvals.clear();
            for (_, delivery) in sitting.queue.iter_mut().filter(|(_, delivery)| *delivery == Delivery::Sending) {
                *delivery = Delivery::Unknown;
            }
        }
        self
    }
}
