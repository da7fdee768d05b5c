//! Starting sessions, looking at them and ending them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{NewSession, Session, SessionId};
use uuid::Uuid;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body, Params};
use crate::api::wire::{ListSessions, Resume, Resumption, SessionView, SetTitle, StartSession, Stopped};

/// The version of UUIDs that order by time, as the list of sessions does.
const ORDERED_VERSION: usize = 7;

/// List sessions, newest first
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(ListSessions),
    responses((status = 200, body = Vec<SessionView>)))]
pub(in crate::api) async fn list(
    State(api): State<Api>,
    Params(wanted): Params<ListSessions>,
) -> Json<Vec<SessionView>> {
    let state = api.store().snapshot();
    let sessions = state.sessions().map(|it| it.session());
    let fitting = sessions
        .filter(|it| wanted.before.is_none_or(|before| it.id < before))
        .filter(|it| wanted.project.is_none_or(|project| it.project_id == project))
        .filter(|it| wanted.status.is_none_or(|status| it.status() == status));
    let limit = wanted.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    Json(fitting.take(limit).filter_map(|it| SessionView::of(&state, it.id)).collect())
}

/// Look at a session
#[utoipa::path(get, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 200, body = SessionView)))]
pub(in crate::api) async fn get(State(api): State<Api>, At(id): At<SessionId>) -> Result<Json<SessionView>, ApiError> {
    api.session_view(id).map(Json)
}

/// Start a session
///
/// Whoever chooses its id may ask again, and gets the same session. It is on disk when this answers.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = StartSession,
    responses(
        (status = 201, description = "It was started.", body = SessionView),
        (status = 200, description = "It was started before.", body = SessionView),
    ))]
pub(in crate::api) async fn start(
    State(api): State<Api>,
    Body(wanted): Body<StartSession>,
) -> Result<(StatusCode, Json<SessionView>), ApiError> {
    let StartSession { id, project_id, agent, prompt, title, model, policy } = wanted;
    let id = id.unwrap_or_else(|| SessionId::new(Uuid::now_v7()));
    if id.uuid().get_version_num() != ORDERED_VERSION {
        let message = "the id of a session is a UUID of version 7";
        return Err(ApiError::invalid("invalid_session_id", message).hint("leave the id out, and one is made"));
    }
    if prompt.trim().is_empty() {
        return Err(ApiError::empty_text());
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

/// Give a session another title
#[utoipa::path(patch, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    request_body = SetTitle, responses((status = 200, body = SessionView)))]
pub(in crate::api) async fn set_title(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(SetTitle { title }): Body<SetTitle>,
) -> Result<Json<SessionView>, ApiError> {
    api.session_view(id)?;
    let store = api.store().clone();
    api.saved(async move { store.set_title(id, &title) }).await?;
    api.session_view(id).map(Json)
}

/// Stop a session's agent
#[utoipa::path(post, path = "/sessions/{id}/abort", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 200, body = Stopped)))]
pub(in crate::api) async fn abort(State(api): State<Api>, At(id): At<SessionId>) -> Result<Json<Stopped>, ApiError> {
    let engine = api.engine().clone();
    let was_running = api.carry_out(async move { Ok(engine.abort(id).await?) }).await?;
    Ok(Json(Stopped { was_running }))
}

/// Go on with a session that was interrupted, failed or aborted
#[utoipa::path(post, path = "/sessions/{id}/resume", tag = "sessions", params(("id" = Uuid, Path)),
    request_body = Resume, responses((status = 200, body = Resumption)))]
pub(in crate::api) async fn resume(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(Resume { message, policy }): Body<Resume>,
) -> Result<Json<Resumption>, ApiError> {
    if message.as_ref().is_some_and(|message| message.trim().is_empty()) {
        return Err(ApiError::empty_text());
    }
    api.session_view(id)?;
    let engine = api.engine().clone();
    let resumed = api.carry_out(async move {
        if let Some(policy) = policy {
            engine.set_policy(id, policy.into());
        }
        Ok(engine.resume(id, message).await?)
    });
    Ok(Json(resumed.await?.into()))
}

/// Empty a session: its transcript, approvals and queue go, its agent first
#[utoipa::path(post, path = "/sessions/{id}/clear", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub(in crate::api) async fn clear(State(api): State<Api>, At(id): At<SessionId>) -> Result<StatusCode, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.clear_session(id).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a session and all that belongs to it, its agent first
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub(in crate::api) async fn delete(State(api): State<Api>, At(id): At<SessionId>) -> Result<StatusCode, ApiError> {
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.delete_session(id).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}
