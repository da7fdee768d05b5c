//! Which request goes where.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};

use crate::api::error::ApiError;
use crate::api::{Api, BODY_BYTES_MAX, actions, events};

impl Api {
    /// Everything that can be asked, for a server or to be called directly.
    pub fn router(&self) -> Router {
        use actions::{approvals, projects, queue, sessions};
        let v1 = Router::new()
            .route("/projects", get(projects::list).post(projects::add))
            .route("/sessions", get(sessions::list).post(sessions::start))
            .route("/sessions/{id}", get(sessions::get).delete(sessions::delete))
            .route("/sessions/{id}/messages", post(sessions::send))
            .route("/sessions/{id}/abort", post(sessions::abort))
            .route("/sessions/{id}/policy", put(approvals::set_policy))
            .route("/sessions/{id}/answers", post(approvals::answer))
            .route("/sessions/{id}/queue", get(queue::list).post(queue::push))
            .route("/sessions/{id}/queue/{queued_id}", delete(queue::cancel).put(queue::edit))
            .route("/approvals", get(approvals::list))
            .route("/events", get(events::open));
        Router::new()
            .nest("/api/v1", v1)
            .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "no_such_page", "there is nothing here") })
            .method_not_allowed_fallback(|| async {
                ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this cannot be done here")
            })
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self.clone())
    }
}
