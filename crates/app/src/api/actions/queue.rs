//! Messages that wait for an agent's next turn.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{QueuedMessage, QueuedMessageId, SessionId};

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::Text;

pub(in crate::api) async fn list(
    State(api): State<Api>,
    At(id): At<SessionId>,
) -> Result<Json<Vec<QueuedMessage>>, ApiError> {
    let queue = api.store().read(|state| state.session(id).map(|it| it.queue().cloned().collect()));
    queue.map(Json).ok_or_else(ApiError::session_not_found)
}

pub(in crate::api) async fn push(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(Text { text }): Body<Text>,
) -> Result<(StatusCode, Json<QueuedMessage>), ApiError> {
    let engine = api.engine().clone();
    let queued = api.carry_out(async move { Ok(engine.queue(id, &text).await?) }).await?;
    Ok((StatusCode::CREATED, Json(queued)))
}

pub(in crate::api) async fn edit(
    State(api): State<Api>,
    At((id, queued)): At<(SessionId, QueuedMessageId)>,
    Body(Text { text }): Body<Text>,
) -> Result<StatusCode, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.edit_queued(id, queued, &text).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn cancel(
    State(api): State<Api>,
    At((id, queued)): At<(SessionId, QueuedMessageId)>,
) -> Result<Json<QueuedMessage>, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.cancel_queued(id, queued).await?) }).await.map(Json)
}
