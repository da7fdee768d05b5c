//! Asking for something to be done: one method for each thing that can be.
#![allow(clippy::missing_errors_doc, reason = "each fails as `ClientError` says, and in no other way")]

use std::path::Path;

use axum::http::Method;
use serde_json::Value;
use switchboard_domain::{Project, ProjectId, QueuedMessage, QueuedMessageId, RequestId, Rule, SessionId};

use crate::api::wire::{
    AddProject, AnswerApproval, Decision, Policy, RenameProject, Resume, Resumption, RuleText, SendResult, SessionView,
    SetPolicy, SetTitle, Setting, StartSession, Stopped, Text,
};
use crate::client::query::{escaped, with_query};
use crate::client::{Client, ClientError};

impl Client {
    /// Starts a session; one that was asked for before is the same one.
    pub async fn start_session(&self, wanted: &StartSession) -> Result<SessionView, ClientError> {
        self.post("/api/v1/sessions", wanted).await
    }

    /// Says something to a session: to its agent at once if it is free, else into its queue.
    pub async fn send(&self, id: SessionId, text: &str) -> Result<SendResult, ClientError> {
        self.post(&of(id, "/messages"), &said(text)).await
    }

    /// Stops a session's agent; `false` when nothing ran.
    pub async fn abort(&self, id: SessionId) -> Result<bool, ClientError> {
        let stopped: Stopped = self.order(Method::POST, &of(id, "/abort")).await?;
        Ok(stopped.was_running)
    }

    /// Goes on with a session that was interrupted, failed or aborted.
    pub async fn resume(&self, id: SessionId, resume: &Resume) -> Result<Resumption, ClientError> {
        self.post(&of(id, "/resume"), resume).await
    }

    /// Gives a session another title.
    pub async fn set_title(&self, id: SessionId, title: &str) -> Result<SessionView, ClientError> {
        self.ask(Method::PATCH, &of(id, ""), Some(&SetTitle { title: title.to_owned() })).await
    }

    /// Empties a session: its transcript, approvals and queue go, its agent first.
    pub async fn clear_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.order(Method::POST, &of(id, "/clear")).await
    }

    /// Removes a session and all that belongs to it, its agent first.
    pub async fn delete_session(&self, id: SessionId) -> Result<(), ClientError> {
        self.order(Method::DELETE, &of(id, "")).await
    }

    /// Says who answers when a session's agent asks for approval.
    pub async fn set_policy(&self, id: SessionId, policy: Policy) -> Result<(), ClientError> {
        self.ask(Method::PUT, &of(id, "/policy"), Some(&SetPolicy { policy })).await
    }

    /// Answers an approval.
    pub async fn answer(&self, id: SessionId, request_id: &RequestId, decision: Decision) -> Result<(), ClientError> {
        self.answer_with(id, &AnswerApproval::new(request_id.clone(), decision)).await
    }

    /// Answers an approval, with more than a yes or no.
    pub async fn answer_with(&self, id: SessionId, answer: &AnswerApproval) -> Result<(), ClientError> {
        self.post(&of(id, "/approvals"), answer).await
    }

    /// Puts a message into a session's queue.
    pub async fn queue(&self, id: SessionId, text: &str) -> Result<QueuedMessage, ClientError> {
        self.post(&of(id, "/queue"), &said(text)).await
    }

    /// Changes a message that waits in the queue.
    pub async fn edit_queued(&self, id: SessionId, queued: QueuedMessageId, text: &str) -> Result<(), ClientError> {
        self.ask(Method::PUT, &of(id, &format!("/queue/{queued}")), Some(&said(text))).await
    }

    /// Takes back a message that waits in the queue.
    pub async fn cancel_queued(&self, id: SessionId, queued: QueuedMessageId) -> Result<QueuedMessage, ClientError> {
        self.order(Method::DELETE, &of(id, &format!("/queue/{queued}"))).await
    }

    /// The project of a folder, added if need be.
    pub async fn add_project(&self, folder: &Path) -> Result<Project, ClientError> {
        self.post("/api/v1/projects", &AddProject { path: folder.to_owned() }).await
    }

    /// Gives a project another name.
    pub async fn rename_project(&self, id: ProjectId, name: &str) -> Result<(), ClientError> {
        let name = name.to_owned();
        self.ask(Method::PATCH, &format!("/api/v1/projects/{id}"), Some(&RenameProject { name })).await
    }

    /// Takes a project off the list; its sessions and its files stay.
    pub async fn remove_project(&self, id: ProjectId) -> Result<(), ClientError> {
        self.order(Method::DELETE, &format!("/api/v1/projects/{id}")).await
    }

    /// Remembers a rule for a project; remembering one twice is fine.
    pub async fn remember_rule(&self, id: ProjectId, rule: &Rule) -> Result<(), ClientError> {
        self.post(&format!("/api/v1/projects/{id}/rules"), &RuleText { rule: rule.to_string() }).await
    }

    /// Forgets a rule; `false` when the project has no such rule.
    pub async fn forget_rule(&self, id: ProjectId, rule: &Rule) -> Result<bool, ClientError> {
        let path = format!("/api/v1/projects/{id}/rules");
        let forgotten = self.order(Method::DELETE, &with_query(&path, &RuleText { rule: rule.to_string() })).await;
        match forgotten {
            Err(error) if error.code() == Some("rule_not_found") => Ok(false),
            outcome => outcome.map(|()| true),
        }
    }

    /// Sets a setting, or removes it with `None`.
    pub async fn set_setting(&self, name: &str, value: Option<Value>) -> Result<(), ClientError> {
        let path = format!("/api/v1/settings/{}", escaped(name));
        match value {
            Some(value) => self.ask(Method::PUT, &path, Some(&Setting { value })).await,
            None => self.order(Method::DELETE, &path).await,
        }
    }
}

fn of(id: SessionId, what: &str) -> String {
    format!("/api/v1/sessions/{id}{what}")
}

fn said(text: &str) -> Text {
    Text { text: text.to_owned() }
}
