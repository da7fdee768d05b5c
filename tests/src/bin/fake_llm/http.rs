//! The server: which format a path is for, and how an answer goes out.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::anthropic::Anthropic;
use crate::chat::Chat;
use crate::format::{Format, Piece};
use crate::gemini::Gemini;
use crate::journal::Journal;
use crate::responses::Responses;
use crate::script::Asked;

/// Prompts carry whole instructions of agents, and histories; no more than this all the same.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Everything that is served.
pub(crate) fn router(journal: Arc<Journal>) -> Router {
    let any = axum::routing::any(handle);
    Router::new().fallback(any).layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(journal)
}

async fn handle(
    State(journal): State<Arc<Journal>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path();
    if method != Method::POST {
        journal.note(&json!({"method": method.as_str(), "path": path}));
        return beside(path, &headers);
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(format) = format(path) {
        return answer(&journal, path, &body, format);
    }
    journal.note(&json!({"method": "POST", "path": path, "served": false}));
    count(path)
}

/// The format that is spoken at `path`.
fn format(path: &str) -> Option<&'static dyn Format> {
    Some(match path {
        path if path.ends_with("/messages") => &Anthropic,
        path if path.ends_with("/chat/completions") => &Chat,
        path if path.ends_with("/responses") => &Responses,
        path if path.ends_with("enerateContent") => &Gemini,
        _ => return None,
    })
}

fn answer(journal: &Journal, path: &str, body: &Value, format: &dyn Format) -> Response {
    let asked = format.asked(body);
    let answer = asked.answer();
    let call = answer.as_ref().ok().and_then(|answer| Some(answer.call.as_ref()?.name.clone()));
    let Asked { prompt, after_tool, .. } = &asked;
    journal.note(&json!({"path": path, "prompt": prompt, "after_tool": after_tool, "call": call, "body": body}));
    let Ok(answer) = answer else {
        return (StatusCode::BAD_REQUEST, json_body(&format.failure())).into_response();
    };
    // Gemini says in the path what the others say in the body.
    if body["stream"] == true || path.contains(":stream") {
        ([(CONTENT_TYPE, "text/event-stream")], streamed(format.stream(&answer, body))).into_response()
    } else {
        json_body(&format.whole(&answer, body)).into_response()
    }
}

fn streamed(pieces: Vec<Piece>) -> Body {
    let pieces = stream::unfold(pieces.into_iter(), async |mut pieces| {
        let piece = pieces.next()?;
        let mut text = String::new();
        if let Some(name) = &piece.name {
            let _to_memory = writeln!(text, "event: {name}");
        }
        let _to_memory = write!(text, "data: {}\n\n", piece.data);
        sleep(piece.delay).await;
        Some((Ok::<_, Infallible>(text), pieces))
    });
    Body::from_stream(Box::pin(pieces))
}

/// What is no question to a model: a list of models, or a look whether anybody is there.
fn beside(path: &str, headers: &HeaderMap) -> Response {
    if headers.contains_key("upgrade") {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    }
    if path.ends_with("/models") {
        let model = json!({"id": "fake-model", "object": "model", "type": "model", "display_name": "Fake"});
        return json_body(&json!({"object": "list", "models": [], "data": [model], "has_more": false})).into_response();
    }
    StatusCode::NOT_FOUND.into_response()
}

fn count(path: &str) -> Response {
    if path.ends_with("/count_tokens") {
        return json_body(&json!({"input_tokens": 42})).into_response();
    }
    if path.ends_with(":countTokens") {
        return json_body(&json!({"totalTokens": 42})).into_response();
    }
    (StatusCode::NOT_FOUND, json_body(&json!({"error": {"type": "not_found_error", "message": "not found"}})))
        .into_response()
}

fn json_body(value: &Value) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], value.to_string())
}
