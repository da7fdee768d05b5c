//! A subscriber that holds a state of its own, and knows the laws that every change must keep.

use std::collections::BTreeSet;
use std::sync::Arc;

use switchboard_domain::{
    Approval, Change, Delivery, Dequeued, Message, Revision, Role, Seq, SessionChange, SessionId,
};
use switchboard_store::{SessionState, State, Store, Subscription, SubscriptionError};

use crate::simulation::breakage::Breakage;
use crate::simulation::picture;
use crate::simulation::trace::Trace;

/// A state that is kept up to date by a subscription.
pub(crate) struct Mirror {
    state: State,
    changes: Subscription,
    trace: Arc<Trace>,
    breakage: Option<Breakage>,
    /// Sessions that changed since the last look.
    touched: BTreeSet<SessionId>,
    /// What left a queue and must be said next.
    delivered: Option<(SessionId, String)>,
    /// Where a front end stood in the life before, if it does not know that there is a new one.
    former: Option<(Revision, State)>,
}

impl Mirror {
    /// Everything that `store` has and does from now on. A former mirror says where it stood.
    pub(crate) fn of(store: &Store, former: Option<Self>, trace: &Arc<Trace>, breakage: Option<Breakage>) -> Self {
        let (snapshot, changes) = store.subscribe();
        let state = (*snapshot).clone();
        let touched = state.sessions().map(|session| session.session().id).collect();
        let former = former.filter(|_| breakage == Some(Breakage::ReuseRevisionAfterCrash));
        let former = former.map(|it| (it.changes.seen(), it.state));
        Self { state, changes, trace: Arc::clone(trace), breakage, touched, delivered: None, former }
    }

    /// Another subscription in place of this one, as a front end takes that lost its connection.
    pub(crate) fn reconnect(&mut self, store: &Store) {
        if let Some((seen, state)) = self.former.take_if(|(seen, _)| *seen <= store.revision()) {
            self.touched.extend(state.sessions().map(|session| session.session().id));
            self.state = state;
            self.changes = store.resume(seen).unwrap_or_else(|| store.subscribe().1);
            return;
        }
        let seen = match self.breakage {
            Some(Breakage::ResumeOffByOne) => Revision::new(self.changes.seen().get().saturating_sub(1)),
            _ => self.changes.seen(),
        };
        if let Some(changes) = store.resume(seen) {
            self.changes = changes;
            self.trace.fired("subscription resumed");
        }
    }

    /// Another snapshot, as a front end takes that shows itself anew.
    pub(crate) async fn reload(&mut self, store: &Store) {
        if self.breakage == Some(Breakage::GapBeforeSubscription) {
            let snapshot = store.snapshot();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            self.state = (*snapshot).clone();
            self.changes.resync();
        } else {
            self.state = (*self.changes.resync()).clone();
        }
        self.delivered = None;
        self.trace.fired("snapshot taken anew");
    }

    /// Takes in everything that was published, and compares.
    pub(crate) fn catch_up(&mut self, store: &Store) {
        let before = (self.breakage == Some(Breakage::PublishBeforeApply)).then(|| Arc::new(self.state.clone()));
        loop {
            let expected = self.changes.seen().next();
            let published = match self.changes.try_next() {
                Ok(Some(published)) => (published.revision, published.change.clone()),
                Ok(None) | Err(SubscriptionError::Closed) => break,
                Err(SubscriptionError::Lagged) => {
                    self.trace.fired("subscriber lagged");
                    let snapshot = self.changes.resync();
                    self.delivered = None;
                    if self.breakage != Some(Breakage::IgnoreLag) {
                        self.state = (*snapshot).clone();
                    }
                    self.touched.extend(self.state.sessions().map(|session| session.session().id));
                    continue;
                }
            };
            let (revision, change) = published;
            if revision != expected {
                self.trace.violated(format!("change {revision} came where {expected} was next"));
            }
            self.trace.happened("change", &change);
            self.check(&change);
            self.state.apply(&change);
        }
        // What a front end sees that was told of a change before it is there.
        let state = before.unwrap_or_else(|| store.snapshot());
        if let Some(part) = picture::difference(&self.state, &state, &self.touched) {
            self.trace.violated(format!("a mirror fed by a subscription differs from the store in {part}"));
        }
        for id in std::mem::take(&mut self.touched) {
            if let Some(session) = state.session(id) {
                self.check_session(session);
            }
        }
    }

    /// The laws that a change must keep, given what was before it.
    fn check(&mut self, change: &Change) {
        if let Some((id, content)) = self.delivered.take()
            && !says(change, id, &content)
        {
            self.trace.violated(format!("{content:?} left the queue of {id} and was not said"));
        }
        let Change::Session { session_id, change } = change else {
            if let Change::Hydrated(hydrated) = change {
                self.touched.extend(hydrated.sessions.iter().map(|it| it.session.id));
            } else if let Change::SessionCreated(session) = change {
                self.touched.insert(session.id);
            } else if let Change::SessionDeleted { session_id } = change {
                self.touched.insert(*session_id);
            }
            return;
        };
        self.touched.insert(*session_id);
        let Some(session) = self.state.session(*session_id).cloned() else {
            return self.trace.violated(format!("a change of session {session_id}, which does not exist"));
        };
        if let Some(law) = broken_by(change, &session) {
            self.trace.violated(format!("{law} in session {session_id}: {change:?}"));
        }
        if let SessionChange::MessageDequeued { id, why: Dequeued::Delivered } = change {
            self.delivered = session.queued(*id).map(|it| (*session_id, it.content.clone()));
        }
    }

    /// The laws that a session must keep at any time.
    fn check_session(&self, session: &SessionState) {
        let row = session.session();
        let places = session.transcript().messages().map(|message| message.seq.get());
        let first = session.transcript().first_seq().get();
        let mut keys = BTreeSet::new();
        let laws = [
            ("the transcript has a gap", places.eq((first..).take(session.transcript().messages().len()))),
            ("it has ended and runs", row.ended_at().is_some() == row.status().is_final()),
            ("two approvals have one id", session.approvals().all(|it| keys.insert(it.request.request_id.clone()))),
            ("the queue is not in order", session.queue().map(|it| it.id).is_sorted()),
            (
                "another message than the first is being sent",
                session.queue().skip(1).all(|it| it.delivery == Delivery::Waiting),
            ),
        ];
        for (law, _) in laws.into_iter().filter(|(_, kept)| !kept) {
            self.trace.violated(format!("{law}: session {}", row.id));
        }
    }
}

/// Whether the change is this text, said by the person.
fn says(change: &Change, id: SessionId, content: &str) -> bool {
    let is_it = |message: &Message| message.body.role == Role::User && message.body.content == content;
    matches!(change, Change::Session { session_id, change: SessionChange::MessageAppended { message } }
        if *session_id == id && is_it(message))
}

/// The law that this change of a session breaks, if any.
fn broken_by(change: &SessionChange, session: &SessionState) -> Option<&'static str> {
    let is_pending = |request_id| session.approval(request_id).is_some_and(Approval::is_pending);
    let kept = match change {
        SessionChange::MessageAppended { message } => {
            (message.seq == session.transcript().last_seq().next(), "a message is not the next")
        }
        SessionChange::StatusChanged { status, .. } => {
            (session.session().status().may_become(*status), "a status follows that may not")
        }
        SessionChange::ApprovalRequested { approval } => {
            (!is_pending(&approval.request.request_id), "an approval was asked for twice")
        }
        SessionChange::ApprovalAnswered { request_id, .. } | SessionChange::ApprovalEnded { request_id, .. } => {
            (is_pending(request_id), "an approval was settled twice")
        }
        SessionChange::MessageDequeued { id, why: Dequeued::Delivered } => {
            (session.queue().next().is_some_and(|it| it.id == *id), "a message left the queue out of turn")
        }
        SessionChange::TranscriptLoaded { messages } => {
            let last = messages.last().map_or(Seq::ZERO, |message| message.seq);
            let joins = messages.is_empty() || last.next() == session.transcript().first_seq();
            (joins, "loaded messages do not join those in memory")
        }
        _ => (true, ""),
    };
    (!kept.0).then_some(kept.1)
}
