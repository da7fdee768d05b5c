//! What persons were told, and what agents have heard: the promises of a run, kept over all its crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use switchboard_domain::{Answer, ApprovalState, QueuedMessageId, RequestId, Role, SessionId};
use switchboard_store::Persistence;
use switchboard_store::testing::MemoryPersistence;

use crate::simulation::ready;

/// All promises of a run.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    talks: BTreeMap<SessionId, Talk>,
    /// The newest value of a setting that somebody was told is saved.
    settings: BTreeMap<String, u64>,
    answers: BTreeMap<(SessionId, RequestId), Answered>,
}

/// Where a session stands with the people who asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Asked for, and nobody was told what came of it.
    #[default]
    Unknown,
    /// Somebody was told that it was not created.
    Refused,
    /// Somebody was told that it exists.
    Promised,
    /// Somebody asked for its removal: it owes nothing any more.
    Deleting,
    /// Somebody was told that it is gone.
    Deleted,
}

/// What is known of one session.
#[derive(Debug, Default)]
struct Talk {
    standing: Standing,
    /// Clearings under way: they take with them what is said meanwhile.
    clearing: u32,
    words: BTreeMap<String, Word>,
}

/// One thing that a person said. No two are alike.
#[derive(Debug, Default)]
struct Word {
    promised: bool,
    /// It may be gone: cleared, edited or cancelled, or somebody tried.
    excused: bool,
    /// Somebody was told that it is taken back.
    cancelled: bool,
    queued: Option<QueuedMessageId>,
    heard: u32,
}

#[derive(Debug, Default)]
struct Answered {
    promised: Option<Answer>,
    heard: u32,
}

/// What an agent heard that it should not have.
pub(crate) type Wrong = Option<String>;

impl Journal {
    /// A session will be asked for, with this prompt.
    pub(crate) fn will_start(&self, id: SessionId, prompt: &str) {
        self.will_say(id, prompt);
    }

    /// A person will say this.
    pub(crate) fn will_say(&self, id: SessionId, text: &str) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        let excused = talk.clearing > 0;
        talk.words.insert(text.to_owned(), Word { excused, ..Word::default() });
    }

    pub(crate) fn session_promised(&self, id: SessionId) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        if matches!(talk.standing, Standing::Unknown | Standing::Refused) {
            talk.standing = Standing::Promised;
        }
    }

    pub(crate) fn session_refused(&self, id: SessionId) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        if talk.standing == Standing::Unknown {
            talk.standing = Standing::Refused;
        }
    }

    /// The person was told that this is saved.
    pub(crate) fn word_promised(&self, id: SessionId, text: &str, queued: Option<QueuedMessageId>) {
        if let Some(word) = self.pages().talk(id).words.get_mut(text) {
            word.promised = true;
            word.queued = word.queued.or(queued);
        }
    }

    /// Somebody tries to change or take back what is queued.
    pub(crate) fn will_touch_queued(&self, id: SessionId, queued: QueuedMessageId, content: &str) {
        for (text, word) in &mut self.pages().talk(id).words {
            if word.queued == Some(queued) || text == content {
                word.excused = true;
            }
        }
    }

    /// What is queued will have this text.
    pub(crate) fn will_edit(&self, id: SessionId, queued: QueuedMessageId, text: &str) {
        self.will_say(id, text);
        if let Some(word) = self.pages().talk(id).words.get_mut(text) {
            word.queued = Some(queued);
        }
    }

    /// The person was told that this is taken back.
    pub(crate) fn cancel_promised(&self, id: SessionId, content: &str) {
        if let Some(word) = self.pages().talk(id).words.get_mut(content) {
            word.cancelled = true;
        }
    }

    pub(crate) fn will_clear(&self, id: SessionId) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        talk.clearing += 1;
        talk.excuse_all();
        pages.answers.retain(|(session_id, _), _| *session_id != id);
    }

    /// A clearing is over, well or not.
    pub(crate) fn cleared(&self, id: SessionId) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        talk.clearing = talk.clearing.saturating_sub(1);
        talk.excuse_all();
        pages.answers.retain(|(session_id, _), _| *session_id != id);
    }

    pub(crate) fn will_delete(&self, id: SessionId) {
        let mut pages = self.pages();
        let talk = pages.talk(id);
        if talk.standing != Standing::Deleted {
            talk.standing = Standing::Deleting;
        }
        pages.answers.retain(|(session_id, _), _| *session_id != id);
    }

    pub(crate) fn delete_promised(&self, id: SessionId) {
        self.pages().talk(id).standing = Standing::Deleted;
    }

    pub(crate) fn setting_promised(&self, key: &str, value: u64) {
        let mut pages = self.pages();
        let newest = pages.settings.entry(key.to_owned()).or_default();
        *newest = value.max(*newest);
    }

    /// A person was told that this answer is saved and sent; wrong if another was told so before.
    pub(crate) fn answer_promised(&self, id: SessionId, request_id: &RequestId, answer: Answer) -> Wrong {
        let mut pages = self.pages();
        if pages.talk(id).is_void() {
            return None;
        }
        let answered = pages.answers.entry((id, request_id.clone())).or_default();
        let before = answered.promised.replace(answer);
        before.map(|_| format!("{request_id} of session {id} was answered twice"))
    }

    /// An agent heard an answer; wrong if it heard one before.
    pub(crate) fn answer_heard(&self, id: SessionId, request_id: &RequestId) -> Wrong {
        let mut pages = self.pages();
        let answered = pages.answers.entry((id, request_id.clone())).or_default();
        answered.heard += 1;
        (answered.heard > 1).then(|| format!("the agent of {id} heard the answer to {request_id} twice"))
    }

    /// The request may be used again from here on.
    pub(crate) fn will_ask(&self, id: SessionId, request_id: &RequestId) {
        self.pages().answers.remove(&(id, request_id.clone()));
    }

    /// An agent heard a person's words; wrong if it heard them before, or they were taken back.
    pub(crate) fn heard(&self, id: SessionId, text: &str) -> Wrong {
        let mut pages = self.pages();
        let Some(word) = pages.talk(id).words.get_mut(text) else {
            return Some(format!("the agent of {id} heard {text:?}, which nobody said"));
        };
        word.heard += 1;
        let wrong =
            [(word.heard > 1, "twice"), (word.cancelled, "though the person had been told that it is taken back")];
        let (_, how) = wrong.into_iter().find(|(is_so, _)| *is_so)?;
        Some(format!("the agent of {id} heard {text:?} {how}"))
    }

    /// Whether a blank session may be on disk that no state has seen: it was just being created.
    pub(crate) fn may_come_to_be(&self, id: SessionId) -> bool {
        self.pages().talks.get(&id).is_some_and(|talk| talk.standing != Standing::Deleted)
    }

    /// Sessions a person knows of, in the order they were made.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let pages = self.pages();
        let known = pages.talks.iter().filter(|(_, talk)| talk.standing == Standing::Promised);
        known.map(|(id, _)| *id).collect()
    }

    /// Sessions that must not be there.
    pub(crate) fn gone(&self) -> Vec<SessionId> {
        let pages = self.pages();
        let gone =
            pages.talks.iter().filter(|(_, talk)| matches!(talk.standing, Standing::Deleted | Standing::Refused));
        gone.map(|(id, _)| *id).collect()
    }

    /// The machine died: nothing is under way any more.
    pub(crate) fn machine_died(&self) {
        for talk in self.pages().talks.values_mut().filter(|talk| talk.clearing > 0) {
            talk.clearing = 0;
            talk.excuse_all();
        }
    }

    /// The first promise that these rows do not keep, in words.
    pub(crate) fn broken_by(&self, rows: &MemoryPersistence) -> Option<String> {
        let pages = self.pages();
        let rows = rows.reopen();
        let (Ok(stored), Ok(queue)) = (ready(rows.sessions()), ready(rows.queue())) else {
            return Some("the disk cannot be read".to_owned());
        };
        let existing: BTreeSet<_> = stored.iter().map(|it| it.session.id).collect();
        for (id, talk) in &pages.talks {
            let transcript = rows.transcript(*id);
            let dense = transcript.iter().map(|it| it.seq.get()).eq((1..).take(transcript.len()));
            if !dense {
                return Some(format!("the transcript of {id} has a gap"));
            }
            let said = transcript.iter().filter(|it| it.body.role == Role::User).map(|it| it.body.content.as_str());
            let waiting = queue.iter().filter(|it| it.session_id == *id).map(|it| it.content.as_str());
            let there: BTreeSet<&str> = said.chain(waiting).collect();
            if let Some(law) = talk.broken_by(existing.contains(id), &there) {
                return Some(format!("session {id}: {law}"));
            }
        }
        pages.answer_lost(&rows).or_else(|| pages.setting_lost(&rows))
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn talk(&mut self, id: SessionId) -> &mut Talk {
        self.talks.entry(id).or_default()
    }

    fn answer_lost(&self, rows: &MemoryPersistence) -> Option<String> {
        let lost = self.answers.iter().find(|((id, request_id), answered)| {
            let Some(promised) = &answered.promised else { return false };
            let approval = ready(rows.approval(*id, request_id)).ok().flatten();
            !approval
                .is_some_and(|it| matches!(it.state, ApprovalState::Answered { answer, .. } if answer == *promised))
        });
        lost.map(|((id, request_id), _)| format!("the answer to {request_id} of session {id} is lost"))
    }

    fn setting_lost(&self, rows: &MemoryPersistence) -> Option<String> {
        let saved: BTreeMap<_, _> = ready(rows.settings()).unwrap_or_default().into_iter().collect();
        let value = |key: &str| saved.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let lost = self.settings.iter().find(|(key, promised)| value(key) < **promised);
        lost.map(|(key, promised)| format!("setting {key} is {}, and {promised} was saved", value(key)))
    }
}

impl Talk {
    fn is_void(&self) -> bool {
        matches!(self.standing, Standing::Deleting | Standing::Deleted) || self.clearing > 0
    }

    fn excuse_all(&mut self) {
        for word in self.words.values_mut() {
            word.excused = true;
        }
    }

    fn broken_by(&self, exists: bool, there: &BTreeSet<&str>) -> Option<String> {
        match self.standing {
            Standing::Deleted if exists || !there.is_empty() => return Some("it was deleted, and is there".to_owned()),
            Standing::Deleted | Standing::Deleting => return None,
            Standing::Promised if !exists => return Some("it was promised, and is not there".to_owned()),
            _ => {}
        }
        let owed = |word: &Word| (word.promised || word.heard > 0) && !word.excused;
        self.words.iter().find_map(|(text, word)| match there.contains(text.as_str()) {
            false if owed(word) => Some(format!("{text:?} was saved or heard, and is lost")),
            true if word.cancelled => Some(format!("{text:?} was taken back, and is there")),
            _ => None,
        })
    }
}
