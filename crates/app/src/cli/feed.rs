//! What happens in some sessions, from a certain message on, with none left out.
//!
//! A mirror that fell behind, or lost its daemon, starts over from a new snapshot; which messages came
//! meanwhile is found here, so that nobody who shows a session has to care.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Change, Message, Revision, Seq, SessionChange, SessionId};
use switchboard_store::{PAGE_MESSAGES_MAX, Published, State};

use tokio::task::JoinHandle;

use crate::api::wire::{Epoch, MessagesQuery};
use crate::client::{Client, ClientError, Mirror, Seen, Watch};

/// More sessions than this are picked out here instead of by the server, which refuses to look for so many.
const FILTERED_MAX: usize = 256;

/// After a failed look for what was missed.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Failed looks in a row after which the server is given up: about as long as a mirror waits for it.
const FAILURES_MAX: u32 = 300;

/// Messages of some sessions, from a mirror that may have missed some.
pub(super) struct Feed {
    client: Client,
    mirror: Mirror,
    epoch: Epoch,
    /// The newest message of each session that was told.
    told: BTreeMap<SessionId, Seq>,
    /// Sessions of which messages were missed, and up to which one.
    behind: VecDeque<(SessionId, Seq)>,
    missed: VecDeque<Arc<Message>>,
    looking: Option<JoinHandle<Result<Vec<Arc<Message>>, ClientError>>>,
    /// Looks in a row that came to nothing.
    failures: u32,
    caught_up: Option<Reload>,
    last_fact: Revision,
}

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// This happened, in one of the sessions or to everything.
    Change(Published),
    /// This message came while changes were missed.
    Missed(Arc<Message>),
    /// The state was read anew, and every missed message was told.
    Reloaded(Reload),
    /// Everything up to here is on disk.
    Durable,
    /// The daemon cannot be reached; it is tried again.
    Reconnecting,
    /// There will be no more.
    Closed,
}

/// Why the state was read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reload {
    /// This process was too slow, or the connection was lost.
    Behind,
    /// It is another daemon, and revisions start again.
    Anew,
}

impl Feed {
    /// What happens in `sessions` from now on; messages after the given ones are told as missed if they are there.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(super) async fn open(
        client: &Client,
        sessions: impl IntoIterator<Item = (SessionId, Seq)>,
    ) -> Result<Self, ClientError> {
        let told: BTreeMap<SessionId, Seq> = sessions.into_iter().collect();
        let filtered = if told.len() > FILTERED_MAX { Vec::new() } else { told.keys().copied().collect() };
        let mirror = client.watch(&Watch { sessions: filtered, ..Watch::default() }).await?;
        let (behind, missed) = (VecDeque::new(), VecDeque::new());
        let epoch = mirror.epoch();
        let mut feed = Self {
            client: client.clone(),
            mirror,
            epoch,
            told,
            behind,
            missed,
            looking: None,
            failures: 0,
            caught_up: None,
            last_fact: Revision::ZERO,
        };
        feed.look_back();
        Ok(feed)
    }

    /// The state, as far as it is known here.
    pub(super) const fn state(&self) -> &State {
        self.mirror.state()
    }

    /// Every fact up to here is on disk.
    pub(super) const fn durable(&self) -> Revision {
        self.mirror.durable()
    }

    /// Whether every fact of these sessions is on disk that was told.
    pub(super) fn is_saved(&self) -> bool {
        self.mirror.durable() >= self.last_fact
    }

    /// Whether messages were missed that are still to be told.
    pub(super) fn is_behind(&self) -> bool {
        !self.behind.is_empty() || !self.missed.is_empty()
    }

    /// What is heard next. Cancellation-safe: a dropped call loses nothing.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.next_missed().await {
                return heard;
            }
            let seen = self.mirror.next().await;
            if let Some(heard) = self.see(seen) {
                return heard;
            }
        }
    }

    /// What was heard already, if anything was.
    pub(super) fn try_next(&mut self) -> Option<Heard> {
        if self.is_behind() {
            return None;
        }
        loop {
            let seen = self.mirror.try_next()?;
            if let Some(heard) = self.see(seen) {
                return Some(heard);
            }
        }
    }

    async fn next_missed(&mut self) -> Option<Heard> {
        loop {
            if let Some(message) = self.missed.pop_front() {
                self.told.insert(message.session_id, message.seq);
                return Some(Heard::Missed(message));
            }
            let Some(&(session, through)) = self.behind.front() else {
                return self.caught_up.take().map(Heard::Reloaded);
            };
            match self.look_for(session, through).await {
                Ok(messages) => {
                    self.failures = 0;
                    if messages.is_empty() {
                        self.behind.pop_front();
                    }
                    self.missed.extend(messages);
                }
                // It was deleted.
                Err(ClientError::Refused { .. }) => drop(self.behind.pop_front()),
                Err(error) => {
                    tracing::debug!(%error, "cannot look for missed messages");
                    self.failures += 1;
                    return Some(if self.failures > FAILURES_MAX { Heard::Closed } else { Heard::Reconnecting });
                }
            }
        }
    }

    /// Messages of a session after the last one that was told: from memory if they are there.
    async fn look_for(&mut self, session: SessionId, through: Seq) -> Result<Vec<Arc<Message>>, ClientError> {
        let told = self.told.get(&session).copied().unwrap_or_default();
        if told >= through {
            return Ok(Vec::new());
        }
        let transcript = self.state().session(session).map(|it| it.transcript());
        if let Some(transcript) = transcript.filter(|it| it.first_seq() <= told.next()) {
            let messages = transcript.messages().filter(|it| it.seq > told && it.seq <= through);
            return Ok(messages.cloned().collect());
        }
        // In a task of its own, which goes on when this call is dropped.
        let client = self.client.clone();
        let looking = self.looking.get_or_insert_with(|| tokio::spawn(look(client, session, told)));
        let looked = (&mut *looking).await;
        self.looking = None;
        let page = looked.unwrap_or_else(|_| Err(ClientError::TimedOut))?;
        Ok(page.into_iter().filter(|message| message.seq > told && message.seq <= through).collect())
    }

    fn see(&mut self, seen: Seen) -> Option<Heard> {
        match seen {
            Seen::Change(published) => self.change(published).map(Heard::Change),
            Seen::Durable(_) => Some(Heard::Durable),
            Seen::Reconnecting => Some(Heard::Reconnecting),
            Seen::Closed => Some(Heard::Closed),
            Seen::Reloaded => {
                self.look_back();
                None
            }
        }
    }

    /// The change, if it is one of ours and news.
    fn change(&mut self, published: Published) -> Option<Published> {
        let session = match &published.change {
            Change::Session { session_id, .. } | Change::SessionDeleted { session_id } => Some(*session_id),
            Change::SessionCreated(session) => Some(session.id),
            _ => None,
        };
        let Some(session) = session else { return Some(published) };
        let told = self.told.get_mut(&session)?;
        if let Change::Session { change: SessionChange::MessageAppended { message }, .. } = &published.change {
            *told = message.seq;
        }
        if is_fact(&published.change) {
            self.last_fact = published.revision;
        }
        Some(published)
    }

    /// Finds out of which sessions messages were missed.
    fn look_back(&mut self) {
        let state = self.mirror.state();
        let last = |session: &SessionId| state.session(*session).map(|it| it.transcript().last_seq());
        self.behind = self.told.keys().filter_map(|session| Some((*session, last(session)?))).collect();
        self.missed.clear();
        self.looking = None;
        let reload = if self.mirror.epoch() == self.epoch { Reload::Behind } else { Reload::Anew };
        self.epoch = self.mirror.epoch();
        self.last_fact = Revision::ZERO;
        self.caught_up = Some(reload);
    }
}

/// Whether a change is one that the disk must have before it is acknowledged.
fn is_fact(change: &Change) -> bool {
    use SessionChange as Is;
    let is_stream = |change: &SessionChange| {
        matches!(
            change,
            Is::ContentStreamed { .. }
                | Is::ThinkingStreamed { .. }
                | Is::ToolProgressed { .. }
                | Is::ToolCalled { .. }
                | Is::ToolAnswered { .. }
                | Is::TranscriptLoaded { .. }
                | Is::TranscriptTrimmed { .. }
        )
    };
    match change {
        Change::Session { change, .. } => !is_stream(change),
        _ => true,
    }
}

/// One look; a failed one takes its time, so that the next one is not at once.
async fn look(client: Client, session: SessionId, told: Seq) -> Result<Vec<Arc<Message>>, ClientError> {
    let after = MessagesQuery { after: Some(told), limit: Some(PAGE_MESSAGES_MAX), ..MessagesQuery::default() };
    let looked = client.messages(session, &after).await;
    if looked.as_ref().is_err_and(|error| error.code().is_none()) {
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
    looked
}
