//! Whether two views of everything are the same: a mirror and the store, a disk and the store.

use std::sync::Arc;

use switchboard_domain::{Draft, Message, QueuedMessage, SessionId, StoredSession};
use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{Persistence, SessionState, State};

use crate::simulation::ready;

/// How much of unfinished text must be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drafts {
    /// A beginning of it.
    Prefix,
    /// All of it.
    Whole,
}

/// How two states differ, in words; `ids` are the sessions to look at.
pub(crate) fn difference<'a>(
    mirror: &State,
    state: &State,
    ids: impl IntoIterator<Item = &'a SessionId>,
) -> Option<String> {
    for id in ids {
        match (mirror.session(*id), state.session(*id)) {
            (None, None) => {}
            (Some(one), Some(other)) if Arc::ptr_eq(one, other) => {}
            (Some(one), Some(other)) => {
                if let Some(part) = differing_part(one, other) {
                    return Some(format!("the {part} of session {id}"));
                }
            }
            _ => return Some(format!("whether session {id} exists")),
        }
    }
    let pairs = [
        ("number of sessions", mirror.sessions().count() == state.sessions().count()),
        ("projects", mirror.projects().eq(state.projects())),
        ("settings", mirror.settings() == state.settings()),
        ("rate limits", mirror.rate_limits() == state.rate_limits()),
        ("active session", mirror.active_session() == state.active_session()),
        ("error", mirror.error() == state.error()),
        ("loading", mirror.is_loading() == state.is_loading()),
        ("health", mirror.health() == state.health()),
        ("orphans", mirror.orphans().count() == state.orphans().count()),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(part, _)| part.to_owned())
}

fn differing_part(one: &SessionState, other: &SessionState) -> Option<&'static str> {
    let (ours, theirs) = (one.transcript(), other.transcript());
    let messages = || ours.messages().zip(theirs.messages()).all(|(a, b)| Arc::ptr_eq(a, b) || a == b);
    let pairs = [
        ("row", one.session() == other.session()),
        ("draft", one.draft() == other.draft()),
        ("progress", one.tool_progress() == other.tool_progress()),
        ("approvals", one.approvals().eq(other.approvals())),
        ("queue", one.queue().eq(other.queue())),
        ("ends of the transcript", (ours.first_seq(), ours.last_seq()) == (theirs.first_seq(), theirs.last_seq())),
        ("transcript", ours.messages().len() == theirs.messages().len() && messages()),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

/// How a disk differs from the state that it should hold, in words. Sessions for which `may_be_there`
/// holds may be on disk although the state has not seen them yet, as long as they are blank.
pub(crate) fn difference_of_disk(
    rows: &MemoryPersistence,
    image: &State,
    drafts: Drafts,
    may_be_there: impl Fn(SessionId) -> bool,
) -> Option<String> {
    let rows = rows.reopen();
    let (Ok(stored), Ok(queue)) = (ready(rows.sessions()), ready(rows.queue())) else {
        return Some("it cannot be read".to_owned());
    };
    for it in &stored {
        let id = it.session.id;
        let part = match image.session(id) {
            Some(session) => part_not_on_disk(&rows, it, session, &queue, drafts),
            None if may_be_there(id) && it.last_seq.get() == 0 => None,
            None => Some("existence"),
        };
        if let Some(part) = part {
            return Some(format!("the {part} of session {id}"));
        }
    }
    let missing = image.sessions().find(|session| !stored.iter().any(|it| it.session.id == session.session().id));
    if let Some(missing) = missing {
        return Some(format!("session {} is missing", missing.session().id));
    }
    let settings = ready(rows.settings()).unwrap_or_default();
    let projects = ready(rows.projects()).unwrap_or_default();
    let pairs = [
        ("the settings", settings.iter().map(|(key, value)| (key, value)).eq(image.settings())),
        ("the projects", projects.iter().eq(image.projects())),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(part, _)| part.to_owned())
}

fn part_not_on_disk(
    rows: &MemoryPersistence,
    stored: &StoredSession,
    session: &SessionState,
    queue: &[QueuedMessage],
    drafts: Drafts,
) -> Option<&'static str> {
    let id = stored.session.id;
    let transcript = rows.transcript(id);
    let is_there = |message: &Arc<Message>| {
        let index = usize::try_from(message.seq.get() - 1).unwrap_or(usize::MAX);
        transcript.get(index).is_some_and(|it| Arc::ptr_eq(it, message) || it == message)
    };
    let answered_alike = || {
        session.approvals().all(|approval| {
            let there = ready(rows.approval(id, &approval.request.request_id)).ok().flatten();
            there.as_ref() == Some(approval)
        })
    };
    let pairs = [
        ("row", stored.session == *session.session()),
        ("length", stored.last_seq == session.transcript().last_seq()),
        ("transcript", session.transcript().messages().all(is_there)),
        ("draft", is_saved_form(&stored.draft, session.draft(), drafts)),
        ("queue", queue.iter().filter(|it| it.session_id == id).eq(session.queue())),
        ("approvals", answered_alike()),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

fn is_saved_form(saved: &Draft, draft: &Draft, drafts: Drafts) -> bool {
    match drafts {
        Drafts::Whole => saved == draft,
        Drafts::Prefix => {
            draft.content.starts_with(&saved.content)
                && draft.thinking.starts_with(&saved.thinking)
                && draft.tool_calls == saved.tool_calls
        }
    }
}
