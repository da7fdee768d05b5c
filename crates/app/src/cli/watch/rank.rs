//! What needs the person most comes first.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use switchboard_domain::{Delivery, SessionStatus, Timestamp};
use switchboard_store::{SessionState, State};

/// So long a session that ended badly is news.
const FRESH: Duration = Duration::from_hours(1);

/// What a session needs from the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Need {
    /// Its agent waits for a yes or no.
    Answer,
    /// Nobody knows whether a queued message was sent.
    Delivery,
    /// It has failed or was interrupted a short while ago.
    Look,
}

/// What a session needs, if anything.
pub(super) fn need(it: &SessionState, now: Timestamp) -> Option<Need> {
    let session = it.session();
    let is_fresh = session.ended_at().is_some_and(|ended| now.since(ended) < FRESH);
    let is_bad = matches!(session.status(), SessionStatus::Failed | SessionStatus::Interrupted);
    if it.pending_approvals().next().is_some() {
        Some(Need::Answer)
    } else if it.queue().any(|message| message.delivery == Delivery::Unknown) {
        Some(Need::Delivery)
    } else {
        (is_bad && is_fresh).then_some(Need::Look)
    }
}

/// All sessions: those that need something, those that work, those at rest; each of them newest first.
pub(super) fn ranked(state: &State, now: Timestamp) -> Vec<&Arc<SessionState>> {
    let mut sessions: Vec<_> = state.sessions().collect();
    sessions.sort_by_key(|it| {
        let session = it.session();
        let place = match need(it, now) {
            Some(need) => (0, Some(need)),
            None if !session.status().is_final() => (1, None),
            None => (2, None),
        };
        (place, Reverse(session.ended_at().max(session.turn_started_at).unwrap_or(session.created_at)))
    });
    sessions
}
