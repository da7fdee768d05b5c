//! One listener's stream: where it is in the order of everything, and what it is told next.

use std::pin::pin;
use std::time::Duration;

use axum::body::Bytes;
use switchboard_domain::Revision;
use switchboard_store::{Published, Subscription, SubscriptionError};
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::api::events::filter::{Admission, Filter};
use crate::api::events::frame;
use crate::api::events::opening::{Opening, Progress};
use crate::api::wire::EventId;

/// Bytes handed over at a time: enough to make small changes cheap, and all that a stream ever holds
/// besides one change.
const CHUNK_BYTES: usize = 64 << 10;

/// How often something is sent when nothing happens, so that both sides notice a dead connection.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);

/// The disk gets further hundreds of times a second under load; nobody reads that fast.
const DURABLE_EVERY: Duration = Duration::from_millis(50);

/// One listener's stream.
pub(super) struct EventStream {
    api: Api,
    filter: Filter,
    changes: Subscription,
    /// The snapshot that has to be told before anything else.
    opening: Option<Opening>,
    /// Why what was told before is void, if it is.
    reset: Option<&'static str>,
    durable: Revision,
    durable_told: Instant,
    heartbeat_at: Instant,
    is_over: bool,
}

/// What a stream can wake up for.
enum Event {
    Frame(Option<Bytes>),
    Lagged,
    Durable(Revision),
    Heartbeat,
    End(&'static str),
}

impl EventStream {
    /// A stream that goes on after `seen`, or begins with a snapshot.
    pub(super) async fn open(api: Api, mut filter: Filter, seen: Option<EventId>) -> Self {
        for &id in &filter.sessions {
            // A first look. What is not there or cannot be read is not told; asking for a page says why.
            if let Err(error) = api.store().load_transcript(id).await {
                tracing::debug!(session = %id, %error, "a transcript was not loaded");
            }
        }
        let resumed = seen.filter(|seen| seen.epoch == api.epoch()).and_then(|seen| api.store().resume(seen.revision));
        let is_resumed = resumed.is_some();
        let changes = resumed.unwrap_or_else(|| api.store().subscribe().1);
        filter.learn(&api.store().snapshot());
        let reset = match seen {
            Some(seen) if seen.epoch != api.epoch() => Some("restarted"),
            Some(_) => Some("too_old"),
            None => None,
        };
        let now = Instant::now();
        let mut stream = Self {
            api,
            filter,
            changes,
            opening: None,
            reset: None,
            // Who comes back is told anew how far the disk is.
            durable: Revision::ZERO,
            durable_told: now,
            heartbeat_at: now + HEARTBEAT_EVERY,
            is_over: false,
        };
        if !is_resumed {
            stream.start_over(reset);
        }
        stream
    }

    /// What is told next, as soon as there is something; `None` when the stream is over.
    pub(super) async fn next_chunk(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        if let Some(opening) = &mut self.opening {
            let mut text = self.reset.take().map(frame::reset).unwrap_or_default();
            if opening.write(&mut text, CHUNK_BYTES) == Progress::Whole {
                self.opening = None;
            }
            return Some(text.into());
        }
        loop {
            let event = self.next_event().await;
            let chunk = self.tell(event);
            if !chunk.is_empty() {
                self.heartbeat_at = Instant::now() + HEARTBEAT_EVERY;
                return Some(chunk);
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        let Self { api, filter, changes, durable, durable_told, heartbeat_at, .. } = self;
        let further = pin!(async {
            sleep_until(*durable_told + DURABLE_EVERY).await;
            match api.store().durable_past(*durable).await {
                Some(revision) => revision,
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            biased;
            change = changes.next() => match change {
                Ok(published) => Event::Frame(frame_of(api, filter, published)),
                Err(SubscriptionError::Lagged) => Event::Lagged,
                Err(SubscriptionError::Closed) => Event::End("closed"),
            },
            () = api.inner.ending.cancelled() => Event::End("shutting_down"),
            revision = further => Event::Durable(revision),
            () = sleep_until(*heartbeat_at) => Event::Heartbeat,
        }
    }

    fn tell(&mut self, event: Event) -> Bytes {
        match event {
            Event::Frame(first) => self.gather(first),
            Event::Lagged => {
                self.start_over(None);
                frame::reset("too_slow").into()
            }
            Event::Durable(revision) => {
                (self.durable, self.durable_told) = (revision, Instant::now());
                frame::durable(self.id(), revision).into()
            }
            Event::Heartbeat => frame::heartbeat(self.id()).into(),
            Event::End(reason) => {
                self.is_over = true;
                frame::end(reason).into()
            }
        }
    }

    /// The first change, with what is there already behind it, up to a chunk.
    fn gather(&mut self, first: Option<Bytes>) -> Bytes {
        let Self { api, filter, changes, .. } = self;
        let mut chunk: Vec<u8> = Vec::new();
        let mut only = first;
        while chunk.len() + only.as_ref().map_or(0, Bytes::len) < CHUNK_BYTES {
            // What went wrong is met again by whoever waits for the next change.
            let Ok(Some(published)) = changes.try_next() else { break };
            let Some(next) = frame_of(api, filter, published) else { continue };
            if let Some(held) = only.replace(next) {
                chunk.extend_from_slice(&held);
            }
        }
        match only {
            Some(only) if chunk.is_empty() => only,
            Some(last) => {
                chunk.extend_from_slice(&last);
                chunk.into()
            }
            None => Bytes::new(),
        }
    }

    fn start_over(&mut self, reset: Option<&'static str>) {
        self.reset = reset;
        let state = self.changes.resync();
        self.filter.learn(&state);
        self.durable = self.api.store().durable_revision();
        self.opening = Some(Opening::new(self.id(), self.durable, state, &self.filter));
    }

    /// The place up to which everything was told.
    fn id(&self) -> EventId {
        EventId { epoch: self.api.epoch(), revision: self.changes.seen() }
    }
}

/// The change as it is written, if the listener wants it.
fn frame_of(api: &Api, filter: &mut Filter, published: &Published) -> Option<Bytes> {
    match filter.admit(&published.change) {
        Admission::Whole => Some(api.inner.encodings.frame(api.epoch(), published)),
        Admission::Part(part) => {
            let id = EventId { epoch: api.epoch(), revision: published.revision };
            Some(frame::change(id, &part))
        }
        Admission::Refused => None,
    }
}
