//! Which request goes where, and the description of all of it.

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::error::ApiError;
use crate::api::{Api, BODY_BYTES_MAX, actions, document::finished, events, hardening, metrics};

impl Api {
    /// Everything that can be asked, for a server or to be called directly.
    pub fn router(&self) -> Router {
        let (v1, described) = OpenApiRouter::new().nest("/api/v1", v1()).split_for_parts();
        let document = finished(described);
        v1.route("/api/v1/openapi.json", get(async || Json(document)))
            .route("/metrics", get(metrics::show))
            .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "no_such_page", "there is nothing here"))
            .method_not_allowed_fallback(async || {
                ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this cannot be done here")
            })
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .layer(middleware::from_fn(hardening::harden))
            .with_state(self.clone())
    }
}

/// The API's description of itself, in the format of `OpenAPI`.
pub fn document() -> OpenApi {
    let (_, described) = OpenApiRouter::new().nest("/api/v1", v1()).split_for_parts();
    finished(described)
}

fn v1() -> OpenApiRouter<Api> {
    use actions::{about, approvals, messages, projects, queue, rules, sessions, settings};
    OpenApiRouter::new()
        .routes(routes!(projects::list, projects::add))
        .routes(routes!(projects::rename, projects::remove))
        .routes(routes!(rules::list, rules::remember, rules::forget))
        .routes(routes!(sessions::list, sessions::start))
        .routes(routes!(sessions::get, sessions::set_title, sessions::delete))
        .routes(routes!(sessions::abort))
        .routes(routes!(sessions::resume))
        .routes(routes!(sessions::clear))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::export))
        .routes(routes!(messages::search))
        .routes(routes!(queue::list, queue::push))
        .routes(routes!(queue::edit, queue::cancel))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::of_session, approvals::answer))
        .routes(routes!(approvals::set_policy))
        .routes(routes!(settings::list))
        .routes(routes!(settings::set, settings::remove))
        .routes(routes!(about::agents))
        .routes(routes!(about::health))
        .routes(routes!(about::stats))
        .routes(routes!(about::version))
        .routes(routes!(events::open))
}
