//! Telling a state anew: the changes that make it out of an empty one, for a copy somewhere else.

use std::sync::Arc;

use switchboard_domain::{Change, Hydrated, Project, SessionChange, SessionId, StoredSession};

use crate::state::{SessionState, State};

/// Sessions told in one change. What is told piece by piece never has to be in memory at once.
const SESSIONS_TOLD_AT_ONCE: usize = 64;

/// Messages told in one change, for the same reason.
const MESSAGES_TOLD_AT_ONCE: usize = 64;

/// What is told of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Nothing: it is as if it did not exist.
    Nothing,
    /// All but its transcript, of which only the length is told.
    Heading,
    /// All of it, with at most so many of the newest messages in memory.
    Transcript(usize),
}

/// The changes that make a state, one at a time; see [`State::retell`].
#[derive(Debug)]
pub struct Retelling {
    state: Arc<State>,
    step: Step,
    sessions: Vec<(SessionId, Telling)>,
}

/// What comes next. Sessions and messages go by place.
#[derive(Clone, Copy, Debug)]
enum Step {
    Projects,
    Sessions(usize),
    /// Which session, and how many of its newest messages are told already.
    Transcripts(usize, usize),
    Waiting(usize),
    Rest(usize),
}

impl State {
    /// The changes that make this state when they are applied to an empty one: everything but
    /// transcripts first, then the chosen transcripts, then what is in memory only.
    ///
    /// `tell` says how much of each session. Of events for sessions that do not exist only those that
    /// are [kept](crate::Orphans::newest) are told. Holds the state, and makes the changes as they are asked for.
    pub fn retell(self: Arc<Self>, tell: impl Fn(&SessionState) -> Telling) -> Retelling {
        let told = self.sessions.values().map(|it| (it.session.id, tell(it)));
        let sessions = told.filter(|(_, telling)| *telling != Telling::Nothing).collect();
        Retelling { state: self, step: Step::Projects, sessions }
    }
}

impl Iterator for Retelling {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        loop {
            let (change, step) = match self.step {
                Step::Projects => (Some(self.projects()), Step::Sessions(0)),
                Step::Sessions(place) => match self.sessions(place) {
                    Some(change) => (Some(change), Step::Sessions(place + SESSIONS_TOLD_AT_ONCE)),
                    None => (None, Step::Transcripts(0, 0)),
                },
                Step::Transcripts(place, told) if place < self.sessions.len() => match self.messages(place, told) {
                    Some((change, count)) => (Some(change), Step::Transcripts(place, told + count)),
                    None => (self.progress(place), Step::Transcripts(place + 1, 0)),
                },
                Step::Transcripts(..) => (None, Step::Waiting(0)),
                Step::Waiting(place) if place < self.sessions.len() => (self.waiting(place), Step::Waiting(place + 1)),
                Step::Waiting(_) => (None, Step::Rest(0)),
                Step::Rest(place) => (Some(self.rest(place)?), Step::Rest(place + 1)),
            };
            self.step = step;
            if change.is_some() {
                return change;
            }
        }
    }
}

impl Retelling {
    fn projects(&self) -> Change {
        let projects: Vec<Project> = self.state.projects.values().cloned().collect();
        let settings = self.state.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Change::Hydrated(Box::new(Hydrated { projects, settings, ..Hydrated::default() }))
    }

    fn sessions(&self, place: usize) -> Option<Change> {
        let chosen = self.sessions.get(place..).filter(|rest| !rest.is_empty())?;
        let mut hydrated = Hydrated::default();
        let ids = chosen.iter().take(SESSIONS_TOLD_AT_ONCE).map(|(id, _)| id);
        for session in ids.filter_map(|id| self.state.sessions.get(id)) {
            let last_seq = session.transcript.last_seq();
            let stored = StoredSession { session: session.session.clone(), last_seq, draft: session.draft.clone() };
            hydrated.sessions.push(stored);
            hydrated.approvals.extend(session.approvals.iter().cloned());
            hydrated.queue.extend(session.queue.iter().cloned());
        }
        Some(Change::Hydrated(Box::new(hydrated)))
    }

    /// The newest messages of the session that are not told, as they are put in front of those that are.
    fn messages(&self, place: usize, told: usize) -> Option<(Change, usize)> {
        let (session_id, Telling::Transcript(wanted)) = *self.sessions.get(place)? else { return None };
        let transcript = &self.state.sessions.get(&session_id)?.transcript;
        let count = wanted.saturating_sub(told).min(MESSAGES_TOLD_AT_ONCE);
        let mut messages: Vec<_> = transcript.messages().rev().skip(told).take(count).cloned().collect();
        messages.reverse();
        let count = messages.len();
        let change = SessionChange::TranscriptLoaded { messages };
        (count > 0).then_some((Change::Session { session_id, change }, count))
    }

    fn progress(&self, place: usize) -> Option<Change> {
        let (session_id, _) = *self.sessions.get(place)?;
        let (tool_name, elapsed) = self.state.sessions.get(&session_id)?.tool_progress.clone()?;
        Some(Change::Session { session_id, change: SessionChange::ToolProgressed { tool_name, elapsed } })
    }

    fn waiting(&self, place: usize) -> Option<Change> {
        let (session_id, _) = *self.sessions.get(place)?;
        let waiting = self.state.sessions.get(&session_id)?.waiting.clone()?;
        Some(Change::Session { session_id, change: SessionChange::WaitingSet { waiting: Some(waiting) } })
    }

    /// What is in memory only; there is little of it.
    fn rest(&self, place: usize) -> Option<Change> {
        let state = &self.state;
        let limits = state.rate_limits.iter();
        let limits =
            limits.map(|(agent, limit)| Change::RateLimitReported { agent: agent.clone(), limit: limit.clone() });
        let orphans = state.orphans.newest().cloned().map(Change::OrphanReceived);
        let health = Change::HealthChanged { health: state.health.clone() };
        let active = Change::ActiveSessionSet { session_id: state.active_session };
        let error = Change::ErrorSet { error: state.error.clone() };
        let loading = Change::LoadingSet { loading: state.loading };
        limits.chain(orphans).chain([health, active, error, loading]).nth(place)
    }
}
