//! Answering what agents ask.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{Approval, RequestId, SessionId};
use switchboard_store::{Refused, Store};

use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::{AnswerApproval, Decision, SetPolicy};
use crate::api::{Api, schema};

/// List approvals of all sessions that wait for an answer, oldest first
#[utoipa::path(get, path = "/approvals", tag = "approvals", responses((status = 200, body = Vec<schema::Approval>)))]
pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Vec<Approval>> {
    let state = api.store().snapshot();
    let mut pending: Vec<_> = state.sessions().flat_map(|session| session.pending_approvals().cloned()).collect();
    pending.sort_by_key(|approval| approval.requested_at);
    Json(pending)
}

/// List a session's approvals, settled ones too, oldest first
#[utoipa::path(get, path = "/sessions/{id}/approvals", tag = "approvals", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<schema::Approval>)))]
pub(in crate::api) async fn of_session(
    State(api): State<Api>,
    At(id): At<SessionId>,
) -> Result<Json<Vec<Approval>>, ApiError> {
    let approvals = api.store().read(|state| state.session(id).map(|it| it.approvals().cloned().collect()));
    approvals.map(Json).ok_or_else(ApiError::session_not_found)
}

/// Answer an approval
///
/// The answer is on disk before the agent hears it.
#[utoipa::path(post, path = "/sessions/{id}/approvals", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = AnswerApproval, responses((status = 204)))]
pub(in crate::api) async fn answer(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(answered): Body<AnswerApproval>,
) -> Result<StatusCode, ApiError> {
    if answered.decision == Decision::Deny && answered.remember.is_some() {
        return Err(ApiError::invalid("rule_without_yes", "only a yes can be remembered"));
    }
    let project_id = api.session_view(id)?.session.project_id;
    let engine = api.engine().clone();
    api.carry_out(async move {
        if let Some(rule) = answered.remember.clone() {
            must_be_pending(engine.store(), id, &answered.request_id)?;
            engine.remember_rule(project_id, rule).await?;
        }
        Ok(engine.answer(id, &answered.request_id, answered.answer()).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A rule is remembered only with an answer that counts.
fn must_be_pending(store: &Store, id: SessionId, request_id: &RequestId) -> Result<(), ApiError> {
    let is_pending = store.read(|state| Some(state.session(id)?.approval(request_id)?.is_pending()));
    match is_pending {
        Some(true) => Ok(()),
        Some(false) => Err(Refused::AlreadyAnswered.into()),
        None => Err(Refused::ApprovalNotFound.into()),
    }
}

/// Say who answers when a session's agent asks, until the program ends
#[utoipa::path(put, path = "/sessions/{id}/policy", tag = "approvals", params(("id" = Uuid, Path)),
    request_body = SetPolicy, responses((status = 204)))]
pub(in crate::api) async fn set_policy(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(SetPolicy { policy }): Body<SetPolicy>,
) -> Result<StatusCode, ApiError> {
    api.session_view(id)?;
    api.engine().set_policy(id, policy.into());
    Ok(StatusCode::NO_CONTENT)
}
