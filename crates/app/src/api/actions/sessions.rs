//! Starting sessions, looking at them, talking to them and ending them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{NewSession, Session, SessionId};
use uuid::Uuid;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::{SendResult, SessionView, StartSession, Stopped, Text};

/// The version of UUIDs that order by time, as the list of sessions does.
const ORDERED_VERSION: usize = 7;

pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Vec<SessionView>> {
    let state = api.store().snapshot();
    Json(state.sessions().filter_map(|it| SessionView::of(&state, it.session().id)).collect())
}

pub(in crate::api) async fn get(State(api): State<Api>, At(id): At<SessionId>) -> Result<Json<SessionView>, ApiError> {
    api.session_view(id).map(Json)
}

pub(in crate::api) async fn start(
    State(api): State<Api>,
    Body(wanted): Body<StartSession>,
) -> Result<(StatusCode, Json<SessionView>), ApiError> {
    let StartSession { id, project_id, agent, prompt, title, model, policy } = wanted;
    let id = id.unwrap_or_else(|| SessionId::new(Uuid::now_v7()));
    if id.uuid().get_version_num() != ORDERED_VERSION {
        let message = "the id of a session is a UUID of version 7";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_session_id", message)
            .hint("leave the id out, and one is made"));
    }
    let agent = agent.unwrap_or_else(|| api.inner.config.default_agent.clone());
    let new = NewSession { id, project_id, agent, prompt, title, model };
    let doing = api.clone();
    let start = async move {
        let known = doing.store().read(|state| state.session(id).map(|it| it.session().clone()));
        let status = known.as_ref().map_or(Ok(StatusCode::CREATED), |known| repeated(known, &new))?;
        doing.engine().start_session(new, policy.into()).await?;
        Ok((status, Json(doing.session_view(id)?)))
    };
    let doing = api.clone();
    api.carry_out(async move { doing.inner.starts.one_at_a_time(id, start).await }).await
}

/// Asking again for the same session is fine; asking for another one under its id is a mistake.
fn repeated(known: &Session, new: &NewSession) -> Result<StatusCode, ApiError> {
    let is_same = known.project_id == new.project_id
        && known.agent == new.agent
        && known.prompt == new.prompt
        && known.model == new.model;
    let message = "another session has this id";
    let other = || ApiError::new(StatusCode::CONFLICT, "session_exists", message).hint("choose another id");
    is_same.then_some(StatusCode::OK).ok_or_else(other)
}

pub(in crate::api) async fn send(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<SendResult>, ApiError> {
    let engine = api.engine().clone();
    let sent = api.carry_out(async move { Ok(engine.send(id, &text).await?) }).await?;
    Ok(Json(sent.into()))
}

pub(in crate::api) async fn abort(State(api): State<Api>, At(id): At<SessionId>) -> Result<Json<Stopped>, ApiError> {
    let engine = api.engine().clone();
    let was_running = api.carry_out(async move { Ok(engine.abort(id).await?) }).await?;
    Ok(Json(Stopped { was_running }))
}

pub(in crate::api) async fn delete(State(api): State<Api>, At(id): At<SessionId>) -> Result<StatusCode, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.delete_session(id).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}
