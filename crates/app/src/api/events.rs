//! The event stream: a snapshot, then every change after it, for as long as somebody listens.
//!
//! | event | data | id |
//! |---|---|---|
//! | `snapshot` | [`Snapshot`](crate::api::wire::Snapshot) | the snapshot's place |
//! | `change` | a [`Change`](switchboard_domain::Change) | its place |
//! | `durable` | [`DurableReached`](crate::api::wire::DurableReached) | the last place told |
//! | `reset` | why what was told before is void; a `snapshot` follows | |
//! | `end` | why there will be no more | |
//!
//! Who comes back with the last id it saw (`Last-Event-ID`) goes on right after it. Who is too slow,
//! too old or of another epoch is told to start over. Nothing is buffered for anybody: a stream is a
//! place in the store's backlog, so a thousand of them cost little, and one that stands still nothing.

mod encodings;
mod filter;
mod frame;
mod open_streams;
mod opening;
mod stream;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::wire::EventId;
use filter::Filter;
use stream::EventStream;

pub(super) use encodings::Encodings;
pub(super) use open_streams::OpenStreams;

/// Where a client that comes back says what it saw last.
const LAST_EVENT_ID: &str = "last-event-id";

/// Listen to everything that happens
///
/// First a `snapshot`, whose changes make the state out of an empty one; then a `change` for each thing
/// that happens, `durable` when the disk got further, a comment when nothing happens. `reset` is
/// followed by a new `snapshot`, and `end` by nothing. Filters may repeat.
#[utoipa::path(get, path = "/events", tag = "events",
    params(
        ("session" = Option<Vec<uuid::Uuid>>, Query, description = "Only these sessions, with their transcripts"),
        ("project" = Option<Vec<uuid::Uuid>>, Query, description = "Only the sessions of these projects"),
        ("last-event-id" = Option<String>, Header, description = "The last id that was seen, to go on after it"),
    ),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn open(
    State(api): State<Api>,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    let filter = Filter::from_params(params)?;
    let seen = headers.get(LAST_EVENT_ID).map(|id| id.to_str().ok().and_then(|id| id.parse().ok()));
    let seen: Option<EventId> = match seen {
        Some(None) => {
            let message = "`Last-Event-ID` is the id of an event of this stream";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_event_id", message));
        }
        seen => seen.flatten(),
    };
    let open = api.inner.streams.open();
    let events = EventStream::open(api, filter, seen).await;
    let chunks = unfold((events, open), async |(mut events, open)| {
        let chunk = events.next_chunk().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), (events, open)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(chunks)).into_response())
}
