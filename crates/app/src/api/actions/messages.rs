//! What was said: reading it, searching it, exporting it, and saying more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use switchboard_domain::{Message, Seq, SessionId, StoredSession};
use switchboard_store::{PAGE_MESSAGES_MAX, Page, SearchHit, SearchQuery};

use crate::api::error::ApiError;
use crate::api::extract::{At, Body, Params};
use crate::api::wire::{
    ExportFormat, ExportQuery, MessagesQuery, SearchRequest, SendResult, SessionView, Text, Transcript,
};
use crate::api::{Api, schema};
use crate::markdown::to_markdown;

/// Messages of a page whose size is not said.
const PAGE_MESSAGES: u32 = 100;

/// Hits of a search whose number is not said, and the most there are.
const HITS: u32 = 50;
const HITS_MAX: u32 = 1_000;

/// The most an export may have: it is made in memory. A transcript beyond that is read by page.
const EXPORT_MESSAGES_MAX: usize = 100_000;

/// Read messages of a session, oldest first
#[utoipa::path(get, path = "/sessions/{id}/messages", tag = "messages",
    params(("id" = Uuid, Path), MessagesQuery), responses((status = 200, body = Vec<schema::Message>)))]
pub(in crate::api) async fn list(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Params(wanted): Params<MessagesQuery>,
) -> Result<Json<Vec<Arc<Message>>>, ApiError> {
    let page = match (wanted.before, wanted.after) {
        (None, None) => Page::Newest,
        (Some(before), None) => Page::Before(before),
        (None, Some(after)) => Page::After(after),
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("invalid_query", "a page is `before` a place or `after` one, not both"));
        }
    };
    Ok(Json(api.store().messages(id, page, wanted.limit.unwrap_or(PAGE_MESSAGES)).await?))
}

/// Say something to a session: to its agent at once if it is free, else into its queue
#[utoipa::path(post, path = "/sessions/{id}/messages", tag = "messages", params(("id" = Uuid, Path)),
    request_body = Text, responses((status = 200, body = SendResult)))]
pub(in crate::api) async fn send(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Body(text): Body<Text>,
) -> Result<Json<SendResult>, ApiError> {
    let text = text.said()?;
    let engine = api.engine().clone();
    let sent = api.carry_out(async move { Ok(engine.send(id, &text).await?) }).await?;
    Ok(Json(sent.into()))
}

/// Export a whole session, as Markdown or JSON
#[utoipa::path(get, path = "/sessions/{id}/export", tag = "messages", params(("id" = Uuid, Path), ExportQuery),
    responses((status = 200, content((String = "text/markdown"), (serde_json::Value = "application/json")))))]
pub(in crate::api) async fn export(
    State(api): State<Api>,
    At(id): At<SessionId>,
    Params(wanted): Params<ExportQuery>,
) -> Result<Response, ApiError> {
    let messages = all_messages(&api, id).await?;
    let state = api.store().snapshot();
    let found = state.session(id).ok_or_else(ApiError::session_not_found)?;
    Ok(match wanted.format {
        ExportFormat::Md => {
            let (session, draft) = (found.session().clone(), found.draft().clone());
            let stored = StoredSession { last_seq: found.transcript().last_seq(), session, draft };
            let text = to_markdown(&stored, state.project(stored.session.project_id), &messages);
            ([(CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response()
        }
        ExportFormat::Json => Json(Transcript {
            session: SessionView::of(&state, id).ok_or_else(ApiError::session_not_found)?,
            messages,
            draft: Some(found.draft().clone()).filter(|draft| !draft.is_empty()),
            queue: found.queue().cloned().collect(),
            approvals: found.pending_approvals().cloned().collect(),
        })
        .into_response(),
    })
}

async fn all_messages(api: &Api, id: SessionId) -> Result<Vec<Arc<Message>>, ApiError> {
    let mut all: Vec<Arc<Message>> = Vec::new();
    while all.len() < EXPORT_MESSAGES_MAX {
        let after = all.last().map_or(Seq::ZERO, |message| message.seq);
        let page = api.store().messages(id, Page::After(after), PAGE_MESSAGES_MAX).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    Ok(all)
}

/// Search all transcripts
///
/// What was said in the last second may not be found yet.
#[utoipa::path(get, path = "/search", tag = "messages", params(SearchRequest),
    responses((status = 200, body = Vec<schema::SearchHit>)))]
pub(in crate::api) async fn search(
    State(api): State<Api>,
    Params(wanted): Params<SearchRequest>,
) -> Result<Json<Vec<SearchHit>>, ApiError> {
    let query = SearchQuery {
        words: wanted.q,
        project_id: wanted.project,
        session_id: wanted.session,
        order: wanted.order.into(),
        limit: wanted.limit.unwrap_or(HITS).min(HITS_MAX),
    };
    Ok(Json(api.store().search(&query).await?))
}
