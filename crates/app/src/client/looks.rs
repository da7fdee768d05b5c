//! Looking at what there is: one method for each thing that can be looked at.
#![allow(clippy::missing_errors_doc, reason = "each fails as `ClientError` says, and in no other way")]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;
use switchboard_domain::{Approval, Message, ProjectId, QueuedMessage, Rule, SessionId};
use switchboard_store::SearchHit;

use crate::api::wire::{
    AgentView, ExportFormat, ExportQuery, HealthView, ListSessions, MessagesQuery, ProjectView, SearchRequest,
    SessionView, StatsView, VersionView,
};
use crate::client::query::with_query;
use crate::client::{Client, ClientError};

impl Client {
    /// Sessions, newest first.
    pub async fn sessions(&self, wanted: &ListSessions) -> Result<Vec<SessionView>, ClientError> {
        self.get(&with_query("/api/v1/sessions", wanted)).await
    }

    /// One session.
    pub async fn session(&self, id: SessionId) -> Result<SessionView, ClientError> {
        self.get(&format!("/api/v1/sessions/{id}")).await
    }

    /// A page of a session's messages, oldest first.
    pub async fn messages(&self, id: SessionId, wanted: &MessagesQuery) -> Result<Vec<Arc<Message>>, ClientError> {
        self.get(&with_query(&format!("/api/v1/sessions/{id}/messages"), wanted)).await
    }

    /// A whole session, as Markdown or JSON.
    pub async fn export(&self, id: SessionId, format: ExportFormat) -> Result<String, ClientError> {
        let path = with_query(&format!("/api/v1/sessions/{id}/export"), &ExportQuery { format });
        let text = self.bytes(Method::GET, &path, None::<&()>).await?;
        String::from_utf8(text.into()).map_err(|error| ClientError::Unintelligible(error.to_string()))
    }

    /// Messages in which words occur.
    pub async fn search(&self, wanted: &SearchRequest) -> Result<Vec<SearchHit>, ClientError> {
        self.get(&with_query("/api/v1/search", wanted)).await
    }

    /// What waits for a session's next turn, next one first.
    pub async fn queued(&self, id: SessionId) -> Result<Vec<QueuedMessage>, ClientError> {
        self.get(&format!("/api/v1/sessions/{id}/queue")).await
    }

    /// Approvals of all sessions that wait for an answer, oldest first.
    pub async fn approvals(&self) -> Result<Vec<Approval>, ClientError> {
        self.get("/api/v1/approvals").await
    }

    /// All projects, removed ones too, oldest first.
    pub async fn projects(&self) -> Result<Vec<ProjectView>, ClientError> {
        self.get("/api/v1/projects").await
    }

    /// A project's rules, in the order in which they were remembered.
    pub async fn rules(&self, id: ProjectId) -> Result<Vec<Rule>, ClientError> {
        self.get(&format!("/api/v1/projects/{id}/rules")).await
    }

    /// All settings.
    pub async fn settings(&self) -> Result<BTreeMap<String, Value>, ClientError> {
        self.get("/api/v1/settings").await
    }

    /// The agents that can be run.
    pub async fn agents(&self) -> Result<Vec<AgentView>, ClientError> {
        self.get("/api/v1/agents").await
    }

    /// Whether what is in memory gets to disk.
    pub async fn health(&self) -> Result<HealthView, ClientError> {
        self.get("/api/v1/health").await
    }

    /// Numbers about what there is and what goes on.
    pub async fn stats(&self) -> Result<StatsView, ClientError> {
        self.get("/api/v1/stats").await
    }

    /// What the server is.
    pub async fn version(&self) -> Result<VersionView, ClientError> {
        self.get("/api/v1/version").await
    }
}
