//! Tool calls that need no question in a project.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{ProjectId, Rule};

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body, Params};
use crate::api::wire::RuleText;

/// List a project's rules, in the order in which they were remembered
#[utoipa::path(get, path = "/projects/{id}/rules", tag = "rules", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<String>)))]
pub(in crate::api) async fn list(State(api): State<Api>, At(id): At<ProjectId>) -> Result<Json<Vec<Rule>>, ApiError> {
    api.project_exists(id)?;
    Ok(Json(api.engine().rules(id)))
}

/// Remember a rule; remembering one twice is fine
#[utoipa::path(post, path = "/projects/{id}/rules", tag = "rules", params(("id" = Uuid, Path)),
    request_body = RuleText, responses((status = 204)))]
pub(in crate::api) async fn remember(
    State(api): State<Api>,
    At(id): At<ProjectId>,
    Body(text): Body<RuleText>,
) -> Result<StatusCode, ApiError> {
    api.project_exists(id)?;
    let rule = parsed(&text)?;
    let engine = api.engine().clone();
    api.carry_out(async move { Ok(engine.remember_rule(id, rule).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget a rule
#[utoipa::path(delete, path = "/projects/{id}/rules", tag = "rules", params(("id" = Uuid, Path), RuleText),
    responses((status = 204)))]
pub(in crate::api) async fn forget(
    State(api): State<Api>,
    At(id): At<ProjectId>,
    Params(text): Params<RuleText>,
) -> Result<StatusCode, ApiError> {
    api.project_exists(id)?;
    let rule = parsed(&text)?;
    let engine = api.engine().clone();
    let was_known = api.carry_out(async move { Ok(engine.forget_rule(id, &rule).await?) }).await?;
    if was_known {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "rule_not_found", "the project has no such rule"))
}

fn parsed(text: &RuleText) -> Result<Rule, ApiError> {
    text.rule.parse::<Rule>().map_err(|error| ApiError::invalid("invalid_rule", error.to_string()))
}
