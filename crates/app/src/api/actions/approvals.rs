//! Answering what agents ask.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{Approval, SessionId};

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::{AnswerApproval, SetPolicy};

pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Vec<Approval>> {
    let state = api.store().snapshot();
    let mut pending: Vec<_> = state.sessions().flat_map(|session| session.pending_approvals().cloned()).collect();
    pending.sort_by_key(|approval| approval.requested_at);
    Json(pending)
}

pub(in crate::api) async fn answer(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(answered): Body<AnswerApproval>,
) -> Result<StatusCode, ApiError> {
    let engine = api.engine().clone();
    let answer = answered.answer();
    api.carry_out(async move { Ok(engine.answer(id, &answered.request_id, answer).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn set_policy(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(SetPolicy { policy }): Body<SetPolicy>,
) -> Result<StatusCode, ApiError> {
    api.session_view(id)?;
    api.engine().set_policy(id, policy.into());
    Ok(StatusCode::NO_CONTENT)
}
