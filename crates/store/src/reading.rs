//! Reading what may be in memory, on disk, or partly both.

use std::sync::Arc;

use switchboard_domain::{Message, Seq, SessionChange, SessionId};
use thiserror::Error;

use crate::port::{PAGE_MESSAGES_MAX, Page, ReadError, SearchHit, SearchQuery};
use crate::state::Transcript;
use crate::store::Store;

/// Messages loaded when a transcript is first looked at.
const FIRST_LOOK_MESSAGES: u32 = 200;

/// Why messages could not be read.
#[derive(Debug, Error)]
pub enum MessagesError {
    /// No session has this id.
    #[error("there is no such session")]
    SessionNotFound,
    /// The part that is on disk only could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Store {
    /// At most `limit` messages of a session (and never more than [`PAGE_MESSAGES_MAX`]), oldest
    /// first, saved or not.
    ///
    /// # Errors
    /// See [`MessagesError`].
    pub async fn messages(&self, id: SessionId, page: Page, limit: u32) -> Result<Vec<Arc<Message>>, MessagesError> {
        let limit = limit.min(PAGE_MESSAGES_MAX);
        let split = self.read(|state| state.session(id).map(|session| split(session.transcript(), page, limit)));
        let Split { on_disk, mut in_memory } = split.ok_or(MessagesError::SessionNotFound)?;
        let Some(OnDisk { page, limit: wanted, before }) = on_disk else { return Ok(in_memory) };
        let read = self.shared.persistence.messages(id, page, wanted).await?;
        let mut messages: Vec<_> = read.into_iter().filter(|message| message.seq < before).map(Arc::new).collect();
        messages.append(&mut in_memory);
        messages.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(messages)
    }

    /// Brings the newest page of a transcript into memory, if none of it is there. Called when a
    /// session is first looked at.
    ///
    /// # Errors
    /// See [`MessagesError`].
    pub async fn load_transcript(&self, id: SessionId) -> Result<(), MessagesError> {
        let (first, count) = self
            .read(|state| state.session(id).map(|it| (it.transcript().first_seq(), it.transcript().messages().len())))
            .ok_or(MessagesError::SessionNotFound)?;
        if first == Seq::FIRST || count > 0 {
            return Ok(());
        }
        let read = self.shared.persistence.messages(id, Page::Before(first), FIRST_LOOK_MESSAGES).await?;
        let messages = read.into_iter().map(Arc::new).collect();
        self.shared.with_core(|core| core.push_session(id, SessionChange::TranscriptLoaded { messages }));
        Ok(())
    }

    /// Messages with all of the words, as far as they are on disk and indexed; that may lag a second.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        self.shared.persistence.search(query).await
    }
}

/// A page, as far as it is in memory, and what must be read to fill it.
struct Split {
    on_disk: Option<OnDisk>,
    in_memory: Vec<Arc<Message>>,
}

struct OnDisk {
    page: Page,
    limit: u32,
    /// What is in memory begins here.
    before: Seq,
}

fn split(transcript: &Transcript, page: Page, limit: u32) -> Split {
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let first = transcript.first_seq();
    let newest_before = |end: Seq| {
        let older = transcript.messages().rev().skip_while(|message| message.seq >= end);
        let mut taken: Vec<_> = older.take(count).cloned().collect();
        taken.reverse();
        let missing = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
        let before = end.min(first);
        let on_disk = (missing > 0 && before > Seq::FIRST).then_some(OnDisk {
            page: Page::Before(before),
            limit: missing,
            before,
        });
        Split { on_disk, in_memory: taken }
    };
    match page {
        Page::Newest => newest_before(transcript.last_seq().next()),
        Page::Before(end) => newest_before(end),
        Page::After(seq) => Split {
            on_disk: (seq.next() < first && limit > 0).then_some(OnDisk { page, limit, before: first }),
            in_memory: transcript.from(seq.next()).take(count).cloned().collect(),
        },
    }
}
