//! Messages that wait for an agent's next turn.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{QueuedMessage, QueuedMessageId, SessionId};

use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::Text;
use crate::api::{Api, schema};

/// List what waits for a session's next turn, next one first
#[utoipa::path(get, path = "/sessions/{id}/queue", tag = "queue", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<schema::QueuedMessage>)))]
pub(in crate::api) async fn list(
    State(api): State<Api>,
    At(id): At<SessionId>,
) -> Result<Json<Vec<QueuedMessage>>, ApiError> {
    let queue = api.store().read(|state| state.session(id).map(|it| it.queue().cloned().collect()));
    queue.map(Json).ok_or_else(ApiError::session_not_found)
}

/// Put a message into a session's queue
#[utoipa::path(post, path = "/sessions/{id}/queue", tag = "queue", params(("id" = Uuid, Path)),
    request_body = Text, responses((status = 201, body = schema::QueuedMessage)))]
pub(in crate::api) async fn push(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(text): Body<Text>,
) -> Result<(StatusCode, Json<QueuedMessage>), ApiError> {
    let text = text.said()?;
    let engine = api.engine().clone();
    let queued = api.carry_out(async move { Ok(engine.queue(id, &text).await?) }).await?;
    Ok((StatusCode::CREATED, Json(queued)))
}

/// Change a message that waits in the queue
#[utoipa::path(put, path = "/sessions/{id}/queue/{queued_id}", tag = "queue",
    params(("id" = Uuid, Path), ("queued_id" = Uuid, Path)), request_body = Text, responses((status = 204)))]
pub(in crate::api) async fn edit(
    State(api): State<Api>,
    At((id, queued)): At<(SessionId, QueuedMessageId)>,
    Body(text): Body<Text>,
) -> Result<StatusCode, ApiError> {
    let text = text.said()?;
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.edit_queued(id, queued, &text).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back a message that waits in the queue
#[utoipa::path(delete, path = "/sessions/{id}/queue/{queued_id}", tag = "queue",
    params(("id" = Uuid, Path), ("queued_id" = Uuid, Path)),
    responses((status = 200, body = schema::QueuedMessage)))]
pub(in crate::api) async fn cancel(
    State(api): State<Api>,
    At((id, queued)): At<(SessionId, QueuedMessageId)>,
) -> Result<Json<QueuedMessage>, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.cancel_queued(id, queued).await?) }).await.map(Json)
}
