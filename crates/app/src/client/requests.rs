//! One method for each thing that can be asked.

use std::path::Path;

use axum::http::Method;
use switchboard_domain::{Approval, Project, QueuedMessage, QueuedMessageId, RequestId, SessionId};

use crate::api::wire::{
    AddProject, AnswerApproval, Decision, Policy, SendResult, SessionView, SetPolicy, StartSession, Stopped, Text,
};
use crate::client::{Client, ClientError};

/// Each method gives what the API answers.
///
/// # Errors
/// Each fails when the server cannot be reached, or refuses; see [`ClientError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all")]
impl Client {
    /// Starts a session; one that was asked for before is the same one.
    pub async fn start_session(&self, wanted: &StartSession) -> Result<SessionView, ClientError> {
        self.post("/api/v1/sessions", wanted).await
    }

    /// All sessions, newest first.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ClientError> {
        self.get("/api/v1/sessions").await
    }

    /// One session.
    pub async fn session(&self, id: SessionId) -> Result<SessionView, ClientError> {
        self.get(&format!("/api/v1/sessions/{id}")).await
    }

    /// Says something to a session: to its agent at once if it is free, else into its queue.
    pub async fn send(&self, id: SessionId, text: &str) -> Result<SendResult, ClientError> {
        self.post(&format!("/api/v1/sessions/{id}/messages"), &said(text)).await
    }

    /// Stops a session's agent; `false` when nothing ran.
    pub async fn abort(&self, id: SessionId) -> Result<bool, ClientError> {
        let stopped: Stopped = self.ask(Method::POST, &format!("/api/v1/sessions/{id}/abort"), None::<&()>).await?;
        Ok(stopped.was_running)
    }

    /// Removes a session and all that belongs to it.
    pub async fn delete_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/sessions/{id}"), None::<&()>).await
    }

    /// Says who answers when a session's agent asks for approval.
    pub async fn set_policy(&self, id: SessionId, policy: Policy) -> Result<(), ClientError> {
        self.ask(Method::PUT, &format!("/api/v1/sessions/{id}/policy"), Some(&SetPolicy { policy })).await
    }

    /// Approvals of all sessions that wait for an answer, oldest first.
    pub async fn approvals(&self) -> Result<Vec<Approval>, ClientError> {
        self.get("/api/v1/approvals").await
    }

    /// Answers an approval.
    pub async fn answer(&self, id: SessionId, request_id: &RequestId, decision: Decision) -> Result<(), ClientError> {
        let answer = AnswerApproval { request_id: request_id.clone(), decision, updated_permissions: None };
        self.post(&format!("/api/v1/sessions/{id}/answers"), &answer).await
    }

    /// What waits for a session's next turn, next one first.
    pub async fn queued(&self, id: SessionId) -> Result<Vec<QueuedMessage>, ClientError> {
        self.get(&format!("/api/v1/sessions/{id}/queue")).await
    }

    /// Puts a message into a session's queue.
    pub async fn queue(&self, id: SessionId, text: &str) -> Result<QueuedMessage, ClientError> {
        self.post(&format!("/api/v1/sessions/{id}/queue"), &said(text)).await
    }

    /// Changes a message that waits in the queue.
    pub async fn edit_queued(&self, id: SessionId, queued: QueuedMessageId, text: &str) -> Result<(), ClientError> {
        self.ask(Method::PUT, &format!("/api/v1/sessions/{id}/queue/{queued}"), Some(&said(text))).await
    }

    /// Takes back a message that waits in the queue.
    pub async fn cancel_queued(&self, id: SessionId, queued: QueuedMessageId) -> Result<QueuedMessage, ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/sessions/{id}/queue/{queued}"), None::<&()>).await
    }

    /// All projects, removed ones too, oldest first.
    pub async fn projects(&self) -> Result<Vec<Project>, ClientError> {
        self.get("/api/v1/projects").await
    }

    /// The project of a folder, added if need be.
    pub async fn add_project(&self, folder: &Path) -> Result<Project, ClientError> {
        self.post("/api/v1/projects", &AddProject { path: folder.to_owned() }).await
    }
}

fn said(text: &str) -> Text {
    Text { text: text.to_owned() }
}
