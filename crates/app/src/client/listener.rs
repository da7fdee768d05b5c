//! The task that listens to the event stream for a mirror: it reads, reconnects and goes on where it was.
//!
//! What it hands over is bounded by a channel. While nobody takes it, it does not read; the server
//! tells it to start over when that takes too long.

use std::time::Duration;

use axum::http::{Method, Request};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use switchboard_domain::{Change, Revision};
use switchboard_store::{Published, State};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::api::wire::{DurableReached, EventId, Snapshot};
use crate::client::event_reader::{EventReader, RawEvent};
use crate::client::transport::Response;
use crate::client::{Client, ClientError, accepted, request};

/// Silence after which the connection is taken for dead: three heartbeats of the server.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// The first pause before connecting again; each one is twice as long, up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// What a listener hands over.
#[derive(Debug)]
pub(super) enum Heard {
    /// Everything there is, anew.
    Snapshot(Box<Beginning>),
    /// The next change.
    Change(Published),
    /// How far the disk is.
    Durable(Revision),
    /// The connection is lost; another one is tried.
    Lost,
}

/// A snapshot, with its changes carried out.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) state: State,
    pub(super) id: EventId,
    pub(super) durable: Revision,
}

/// Why a stream is not read further.
enum Ended {
    /// The server or the connection is gone.
    Lost,
    /// What came cannot be right: going on from it would be wrong.
    Wrong(String),
    /// Nobody listens any more.
    Unwanted,
}

/// Listens, and reconnects.
pub(super) struct Listener {
    client: Client,
    path: String,
    patience: Duration,
    /// Whether every revision is told, so that a gap can be seen.
    hears_everything: bool,
    seen: Option<EventId>,
    heard: mpsc::Sender<Heard>,
}

impl Listener {
    pub(super) fn new(
        client: Client,
        query: &str,
        hears_everything: bool,
        patience: Duration,
        heard: mpsc::Sender<Heard>,
    ) -> Self {
        let path = format!("/api/v1/events{query}");
        Self { client, path, patience, hears_everything, seen: None, heard }
    }

    /// Opens the stream, from where it was left if it was.
    pub(super) async fn connect(&self) -> Result<Response, ClientError> {
        let mut request: Request<Full<_>> = request(Method::GET, &self.path, None::<&()>)?;
        if let Some(id) = self.seen.and_then(|id| id.to_string().parse().ok()) {
            request.headers_mut().insert("last-event-id", id);
        }
        let opened = timeout(SILENCE_MAX, self.client.transport.open(request)).await;
        accepted(opened.map_err(|_| ClientError::TimedOut)??).await
    }

    /// Listens on `stream` and its successors, until nobody wants to hear or the server stays away.
    pub(super) async fn run(mut self, mut stream: Response) {
        loop {
            match self.listen(stream).await {
                Ended::Unwanted => return,
                Ended::Lost => {}
                Ended::Wrong(what) => {
                    tracing::warn!(what, "the event stream went wrong; starting over");
                    self.seen = None;
                }
            }
            if !self.client.is_remote() {
                return;
            }
            let Some(next) = self.reconnect().await else { return };
            stream = next;
        }
    }

    async fn reconnect(&self) -> Option<Response> {
        let since = Instant::now();
        let mut pause = PAUSE_MIN;
        while since.elapsed() < self.patience {
            self.heard.send(Heard::Lost).await.ok()?;
            // Not all clients at once.
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(PAUSE_MAX);
            match self.connect().await {
                Ok(stream) => return Some(stream),
                Err(error) => tracing::debug!(%error, "not connected"),
            }
        }
        None
    }

    async fn listen(&mut self, mut stream: Response) -> Ended {
        let mut reader = EventReader::default();
        loop {
            let Ok(Ok(Some(chunk))) = timeout(SILENCE_MAX, stream.chunk()).await else { return Ended::Lost };
            if let Err(error) = reader.push(&chunk) {
                return Ended::Wrong(error.to_string());
            }
            loop {
                let event = match reader.next() {
                    Ok(Some(event)) => event,
                    Ok(None) => break,
                    Err(error) => return Ended::Wrong(error.to_string()),
                };
                if let Err(ended) = self.take(event).await {
                    return ended;
                }
            }
        }
    }

    async fn take(&mut self, event: RawEvent) -> Result<(), Ended> {
        let id = event.id.as_deref().map(|id| id.parse::<EventId>().map_err(|error| Ended::Wrong(error.to_string())));
        let id = id.transpose()?;
        let heard = match (event.name.as_str(), id) {
            ("snapshot", Some(id)) => Some(Heard::Snapshot(Box::new(beginning(&event.data, id)?))),
            ("change", Some(id)) => self.change(&event.data, id)?.map(Heard::Change),
            ("durable", Some(_)) => Some(Heard::Durable(read::<DurableReached>(&event.data)?.revision)),
            ("end", _) => return Err(Ended::Lost),
            // What follows a `reset` says all. Others are heartbeats, and events of later versions.
            _ => None,
        };
        if let Some(heard) = heard {
            self.heard.send(heard).await.map_err(|_| Ended::Unwanted)?;
        }
        if id.is_some() {
            self.seen = id;
        }
        Ok(())
    }

    /// The change, unless it was seen already.
    fn change(&self, data: &str, id: EventId) -> Result<Option<Published>, Ended> {
        let seen = self.seen.filter(|seen| seen.epoch == id.epoch);
        let seen = seen.ok_or_else(|| Ended::Wrong("a change of another epoch".to_owned()))?.revision;
        if id.revision <= seen {
            return Ok(None);
        }
        if self.hears_everything && id.revision != seen.next() {
            return Err(Ended::Wrong(format!("revision {} comes after {seen}", id.revision)));
        }
        Ok(Some(Published { revision: id.revision, change: read::<Change>(data)? }))
    }
}

fn beginning(data: &str, id: EventId) -> Result<Beginning, Ended> {
    let snapshot: Snapshot = read(data)?;
    let mut state = State::default();
    snapshot.changes.iter().for_each(|change| state.apply(change));
    Ok(Beginning { state, id, durable: snapshot.durable })
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, Ended> {
    serde_json::from_str(data).map_err(|error| Ended::Wrong(error.to_string()))
}
