//! Logging a browser in: a code in a link becomes a cookie, once.

use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::api::access::{Access, stranger};
use crate::api::error::ApiError;
use crate::api::extract::Params;

/// What a login link says.
#[derive(Deserialize)]
struct Login {
    code: String,
}

/// Where to log in.
#[derive(Serialize)]
struct LoginLink {
    url: String,
}

/// The two requests that need no login.
pub(super) fn routes() -> Router<Access> {
    Router::new().route("/login", get(log_in)).route("/login-links", post(new_link))
}

/// Changes nothing but who is known: the code was made for this, and is used up.
async fn log_in(State(access): State<Access>, Params(Login { code }): Params<Login>) -> Response {
    match access.inner.browsers.log_in(&code) {
        Ok(Some(secret)) => {
            let name = &access.inner.cookie;
            let cookie = format!("{name}={}; HttpOnly; SameSite=Strict; Path=/", secret.text());
            (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())]).into_response()
        }
        Ok(None) => {
            ApiError::new(StatusCode::UNAUTHORIZED, "login_code_void", "this login link was used, or is too old")
                .hint("ask for a new one")
                .into_response()
        }
        Err(_) => ApiError::internal().into_response(),
    }
}

/// Only for those who know the token.
async fn new_link(State(access): State<Access>, headers: HeaderMap) -> Response {
    if !access.knows_token(&headers) {
        return stranger().into_response();
    }
    match access.login_link() {
        Ok(url) => Json(LoginLink { url }).into_response(),
        Err(_) => ApiError::internal().into_response(),
    }
}
