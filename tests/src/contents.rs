//! All that a database holds, read through the product's own reader.

use std::collections::BTreeMap;
use std::path::Path;

use switchboard_domain::{Approval, Message, QueuedMessage, Seq, Session, SessionId};
use switchboard_store::{PAGE_MESSAGES_MAX, Page, Persistence};

use crate::workload;

/// Sessions with their transcripts, and what waits.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// All sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// All their messages, in the order of their places.
    pub transcripts: BTreeMap<SessionId, Vec<Message>>,
    /// All queued messages, in queue order.
    pub queue: Vec<QueuedMessage>,
    /// Approvals without an answer.
    pub approvals: Vec<Approval>,
}

impl Contents {
    /// Reads everything from a database.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn of(database: &impl Persistence) -> Self {
        let mut contents = Self {
            queue: database.queue().await.expect("the queue can be read"),
            approvals: database.pending_approvals().await.expect("approvals can be read"),
            ..Self::default()
        };
        for stored in database.sessions().await.expect("sessions can be read") {
            let id = stored.session.id;
            contents.transcripts.insert(id, transcript(database, id).await);
            contents.sessions.insert(id, stored.session);
        }
        contents
    }

    /// Opens the database in a data folder that nobody else has, and reads it.
    ///
    /// # Panics
    /// When it cannot be opened, or is damaged.
    pub async fn read(folder: &Path) -> Self {
        let database = workload::database(folder).await;
        let damage = database.integrity_check().await.expect("the database can be read");
        assert!(damage.is_empty(), "{damage:?}");
        let contents = Self::of(&database).await;
        database.close().await.expect("it closes");
        contents
    }

    /// [`Self::read`] where nothing is async.
    ///
    /// # Panics
    /// As [`Self::read`].
    pub fn of_folder(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Self::read(folder))
    }

    /// The texts of one transcript.
    pub fn texts(&self, id: SessionId) -> Vec<&str> {
        let messages = self.transcripts.get(&id).map(Vec::as_slice).unwrap_or_default();
        messages.iter().map(|message| message.body.content.as_str()).collect()
    }
}

async fn transcript(database: &impl Persistence, id: SessionId) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(Seq::ZERO, |message| message.seq);
        let page = database.messages(id, Page::After(after), PAGE_MESSAGES_MAX).await.expect("messages can be read");
        if page.is_empty() {
            return messages;
        }
        messages.extend(page);
    }
}
