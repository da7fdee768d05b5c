//! Settings that front ends keep here, so that all of them see the same.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::{Setting, Settings};

/// The most bytes a setting's name and value may have: all of them are in memory and in each snapshot.
const NAME_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 64 << 10;

/// The most settings there may be, for the same reason.
const SETTINGS_MAX: usize = 1_000;

/// Settings whose names begin like this are the engine's own: rules have a way of their own to be changed,
/// and what was spent is counted.
const KEPT_ELSEWHERE: [&str; 2] = ["rules.", "spending"];

/// List all settings
#[utoipa::path(get, path = "/settings", tag = "settings",
    responses((status = 200, body = std::collections::BTreeMap<String, serde_json::Value>)))]
pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Settings> {
    Json(api.store().read(|state| state.settings().clone()))
}

/// Set a setting
#[utoipa::path(put, path = "/settings/{name}", tag = "settings", params(("name" = String, Path)),
    request_body = Setting, responses((status = 204)))]
pub(in crate::api) async fn set(
    State(api): State<Api>,
    At(name): At<String>,
    Body(Setting { value }): Body<Setting>,
) -> Result<StatusCode, ApiError> {
    may_be_changed(&name)?;
    let is_full = |state: &switchboard_store::State| {
        state.settings().len() >= SETTINGS_MAX && !state.settings().contains_key(&name)
    };
    if name.len() > NAME_BYTES_MAX || value.to_string().len() > VALUE_BYTES_MAX || api.store().read(is_full) {
        let message = "the setting's name or value is too long, or there are too many settings";
        return Err(ApiError::invalid("setting_too_large", message));
    }
    let store = api.store().clone();
    api.saved(async move { store.set_setting(&name, Some(value)) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a setting, if it is there
#[utoipa::path(delete, path = "/settings/{name}", tag = "settings", params(("name" = String, Path)),
    responses((status = 204)))]
pub(in crate::api) async fn remove(State(api): State<Api>, At(name): At<String>) -> Result<StatusCode, ApiError> {
    may_be_changed(&name)?;
    let store = api.store().clone();
    api.saved(async move { store.set_setting(&name, None) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn may_be_changed(name: &str) -> Result<(), ApiError> {
    if KEPT_ELSEWHERE.iter().any(|kept| name.starts_with(kept)) {
        let error = ApiError::invalid("setting_kept_elsewhere", "this is not changed as a setting");
        return Err(error.hint("POST and DELETE /api/v1/projects/{id}/rules change rules"));
    }
    Ok(())
}
