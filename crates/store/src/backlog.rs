//! The published changes that subscribers may still have to read.
//!
//! One writer (whoever holds the store's lock) appends; any number of subscribers read by reference,
//! without a lock and without copying. The backlog is a row of segments: a subscriber holds the one
//! it reads, and asks for the next when it is through. Old segments are let go past a limit in bytes,
//! so a subscriber that stands still keeps one segment alive and no more.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use switchboard_domain::{Change, Hydrated, Revision, SessionChange};

/// Changes in a segment. Small enough that a subscriber who stands still holds little, large enough
/// that going to the next one is rare.
const SEGMENT_CHANGES: usize = 256;

/// Bytes at which a segment is closed early, so that a few huge changes do not sit in one.
const SEGMENT_BYTES: usize = 1 << 20;

/// A change and its place in the order of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Its place.
    pub revision: Revision,
    /// What happened.
    pub change: Change,
}

/// A run of changes, filled from the front.
#[derive(Debug)]
pub(crate) struct Segment {
    first: u64,
    slots: Box<[OnceLock<Published>]>,
    /// Where the next segment begins; set when this one is closed.
    closed_at: OnceLock<Revision>,
}

impl Segment {
    fn starting_at(first: Revision) -> Arc<Self> {
        let slots = (0..SEGMENT_CHANGES).map(|_| OnceLock::new()).collect();
        Arc::new(Self { first: first.get(), slots, closed_at: OnceLock::new() })
    }

    /// Where the changes in this segment end when the newest of all is `newest`.
    pub(crate) fn end(&self, newest: Revision) -> Revision {
        self.closed_at.get().map_or(newest.next(), |&end| end.min(newest.next()))
    }

    /// The change with this revision, if it is here.
    pub(crate) fn get(&self, revision: Revision) -> Option<&Published> {
        self.slots.get(self.index(revision))?.get()
    }

    /// The changes before `end`, from `start` on.
    pub(crate) fn run(&self, start: Revision, end: Revision) -> impl DoubleEndedIterator<Item = &Published> {
        let slots = self.slots.get(self.index(start)..self.index(end)).unwrap_or_default();
        slots.iter().filter_map(OnceLock::get)
    }

    fn index(&self, revision: Revision) -> usize {
        usize::try_from(revision.get() - self.first).unwrap_or(usize::MAX)
    }
}

/// All segments that are still kept.
#[derive(Debug)]
pub(crate) struct Backlog {
    segments: VecDeque<Kept>,
    next: Revision,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Kept {
    segment: Arc<Segment>,
    changes: usize,
    bytes: usize,
}

impl Backlog {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let next = Revision::ZERO.next();
        let segments = VecDeque::from([Kept::starting_at(next)]);
        Self { segments, next, bytes: 0, bytes_max }
    }

    /// The revision of the newest change.
    pub(crate) fn newest(&self) -> Revision {
        Revision::new(self.next.get() - 1)
    }

    /// Appends a change and gives it the next revision.
    pub(crate) fn push(&mut self, change: Change) {
        let bytes = weight(&change);
        let revision = self.next;
        let last = self.open_segment();
        // The slot is free: only this function fills slots, each revision once.
        let _ = last.segment.slots[last.changes].set(Published { revision, change });
        last.changes += 1;
        last.bytes += bytes;
        self.bytes += bytes;
        self.next = revision.next();
        self.let_go();
    }

    /// The segment that holds, or will hold, `revision`; `None` if it was let go.
    pub(crate) fn segment_of(&self, revision: Revision) -> Option<&Arc<Segment>> {
        let after = self.segments.partition_point(|kept| kept.segment.first <= revision.get());
        self.segments.get(after.checked_sub(1)?).map(|kept| &kept.segment)
    }

    /// The segment that new changes go to.
    pub(crate) fn newest_segment(&self) -> Arc<Segment> {
        let last = self.segments.len() - 1;
        Arc::clone(&self.segments[last].segment)
    }

    fn open_segment(&mut self) -> &mut Kept {
        let full =
            self.segments.back().is_none_or(|last| last.changes == SEGMENT_CHANGES || last.bytes > SEGMENT_BYTES);
        if full {
            if let Some(last) = self.segments.back() {
                let _ = last.segment.closed_at.set(self.next);
            }
            self.segments.push_back(Kept::starting_at(self.next));
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    fn let_go(&mut self) {
        while self.bytes > self.bytes_max && self.segments.len() > 1 {
            if let Some(oldest) = self.segments.pop_front() {
                self.bytes -= oldest.bytes;
            }
        }
    }
}

impl Kept {
    fn starting_at(first: Revision) -> Self {
        Self { segment: Segment::starting_at(first), changes: 0, bytes: 0 }
    }
}

/// About how many bytes a change keeps alive, text counted and structure guessed.
pub(crate) fn weight(change: &Change) -> usize {
    const STRUCTURE: usize = 192;
    STRUCTURE
        + match change {
            Change::Session { change, .. } => session_weight(change),
            Change::SessionCreated(session) => session.prompt.len(),
            Change::SettingChanged { value: Some(value), .. } => json_weight(value),
            Change::ErrorSet { error: Some(error) } => error.len(),
            Change::Hydrated(hydrated) => hydrated_weight(hydrated),
            _ => 0,
        }
}

fn session_weight(change: &SessionChange) -> usize {
    match change {
        SessionChange::MessageAppended { message } => message_weight(message),
        SessionChange::ContentStreamed { text }
        | SessionChange::ThinkingStreamed { text }
        | SessionChange::TitleSet { title: text }
        | SessionChange::SessionErrorSet { error: Some(text) } => text.len(),
        SessionChange::ToolCallsSet { tool_calls, .. } => tool_calls.iter().map(call_weight).sum(),
        SessionChange::ToolCalled { call } => call_weight(call),
        SessionChange::ToolAnswered { result } => json_weight(&result.output),
        SessionChange::ApprovalRequested { approval } => json_weight(&approval.request.input),
        SessionChange::MessageQueued { message } => message.content.len(),
        SessionChange::QueuedMessageEdited { content, .. } => content.len(),
        SessionChange::TranscriptLoaded { messages } => messages.iter().map(|it| message_weight(it)).sum(),
        _ => 0,
    }
}

fn hydrated_weight(hydrated: &Hydrated) -> usize {
    const ROW: usize = 512;
    let sessions: usize =
        hydrated.sessions.iter().map(|it| ROW + it.session.prompt.len() + it.draft.content.len()).sum();
    let queue: usize = hydrated.queue.iter().map(|it| it.content.len()).sum();
    let rows = hydrated.projects.len() + hydrated.approvals.len() + hydrated.queue.len() + hydrated.settings.len();
    sessions + queue + rows * ROW
}

fn message_weight(message: &switchboard_domain::Message) -> usize {
    let body = &message.body;
    let calls: usize = body.tool_calls.iter().map(call_weight).sum();
    256 + body.content.len() + body.thinking.as_ref().map_or(0, String::len) + calls
}

pub(crate) fn call_weight(call: &switchboard_domain::ToolCall) -> usize {
    json_weight(&call.input) + call.output.as_ref().map_or(0, json_weight)
}

fn json_weight(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    const NODE: usize = 32;
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(json_weight).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + json_weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: usize) -> Change {
        Change::ErrorSet { error: Some(text.to_string()) }
    }

    #[test]
    fn every_change_is_found_in_its_segment() {
        let mut backlog = Backlog::new(usize::MAX);
        for number in 1..=1000 {
            backlog.push(error(number));
        }
        for number in 1..=1000_u64 {
            let segment = backlog.segment_of(Revision::new(number)).expect("kept");
            let found = segment.get(Revision::new(number)).expect("it is there");
            let number_of = usize::try_from(number).expect("small");
            assert_eq!((found.revision.get(), &found.change), (number, &error(number_of)));
        }
    }

    #[test]
    fn old_segments_are_let_go_past_the_limit() {
        let mut backlog = Backlog::new(100_000);
        for number in 1..=10_000 {
            backlog.push(error(number));
        }
        assert!(backlog.segment_of(Revision::new(1)).is_none());
        assert!(backlog.segment_of(Revision::new(10_000)).is_some());
        assert!(backlog.bytes <= 100_000);
    }

    #[test]
    fn a_segment_closed_early_ends_where_the_next_begins() {
        let mut backlog = Backlog::new(usize::MAX);
        let first = Arc::clone(backlog.segment_of(Revision::new(1)).expect("kept"));
        let huge = |text: String| Change::Session {
            session_id: switchboard_domain::SessionId::new(uuid::Uuid::nil()),
            change: SessionChange::ContentStreamed { text },
        };
        backlog.push(huge("x".repeat(2 * SEGMENT_BYTES)));
        assert_eq!(first.end(backlog.newest()), Revision::new(2));
        backlog.push(huge(String::new()));
        assert_eq!(first.end(backlog.newest()), Revision::new(2));
        let second = backlog.segment_of(Revision::new(2)).expect("kept");
        assert_eq!(second.end(backlog.newest()), Revision::new(3));
        assert!(second.get(Revision::new(2)).is_some());
    }

    #[test]
    fn a_run_ends_where_it_is_told() {
        let mut backlog = Backlog::new(usize::MAX);
        (1..=10).for_each(|number| backlog.push(error(number)));
        let segment = backlog.newest_segment();
        let run = segment.run(Revision::new(3), Revision::new(6));
        assert!(run.map(|published| published.revision.get()).eq(3..6));
        assert!(segment.run(Revision::new(11), Revision::new(11)).next().is_none());
    }
}
