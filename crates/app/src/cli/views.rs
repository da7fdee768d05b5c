//! The JSON shapes that the manual documents. Fields may be added to them; none is ever removed or
//! given another meaning.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::{Approval, Draft, Message, Project, QueuedMessage, Session, StoredSession};
use switchboard_store::SearchHit;

use super::agents::State;
use super::catalog::Catalog;

/// A session in a list: its own fields and what a list shows around them.
#[derive(Debug, Serialize)]
pub(crate) struct SessionView<'a> {
    short_id: String,
    project_path: Option<&'a Path>,
    project_name: Option<&'a str>,
    messages: u64,
    queued: usize,
    pending_approvals: usize,
    #[serde(flatten)]
    session: &'a Session,
}

impl<'a> SessionView<'a> {
    /// The view of a session of `catalog`.
    pub(crate) fn new(stored: &'a StoredSession, catalog: &'a Catalog) -> Self {
        let session = &stored.session;
        let project = catalog.project(session.project_id);
        Self {
            short_id: session.id.short(),
            project_path: project.map(|project| project.path.as_path()),
            project_name: project.map(|project| project.name.as_str()),
            messages: stored.last_seq.get(),
            queued: catalog.queue(session.id).count(),
            pending_approvals: catalog.pending_approvals(session.id).count(),
            session,
        }
    }
}

/// A session with its transcript.
#[derive(Debug, Serialize)]
pub(crate) struct TranscriptView<'a> {
    session: SessionView<'a>,
    messages: &'a [Arc<Message>],
    draft: Option<&'a Draft>,
    queue: Vec<&'a QueuedMessage>,
    approvals: Vec<&'a Approval>,
}

impl<'a> TranscriptView<'a> {
    /// The view of a session of `catalog` with these messages.
    pub(crate) fn new(stored: &'a StoredSession, messages: &'a [Arc<Message>], catalog: &'a Catalog) -> Self {
        let id = stored.session.id;
        Self {
            session: SessionView::new(stored, catalog),
            messages,
            draft: Some(&stored.draft).filter(|draft| !draft.is_empty()),
            queue: catalog.queue(id).collect(),
            approvals: catalog.pending_approvals(id).collect(),
        }
    }
}

/// A message that was found.
#[derive(Debug, Serialize)]
pub(crate) struct HitView<'a> {
    short_id: String,
    title: Option<&'a str>,
    #[serde(flatten)]
    hit: &'a SearchHit,
}

impl<'a> HitView<'a> {
    /// The view of a hit in a session of `catalog`.
    pub(crate) fn new(hit: &'a SearchHit, catalog: &'a Catalog) -> Self {
        let sessions = catalog.sessions().iter().map(|stored| &stored.session);
        let title = sessions.into_iter().find(|it| it.id == hit.session_id).map(|it| it.title.as_str());
        Self { short_id: hit.session_id.short(), title, hit }
    }
}

/// A project and how much happened in it.
#[derive(Debug, Serialize)]
pub(crate) struct ProjectView<'a> {
    #[serde(flatten)]
    project: &'a Project,
    sessions: usize,
}

impl<'a> ProjectView<'a> {
    /// The view of a project with so many sessions.
    pub(crate) const fn new(project: &'a Project, sessions: usize) -> Self {
        Self { project, sessions }
    }
}

/// A queued message as a list shows it.
#[derive(Debug, Serialize)]
pub(crate) struct QueuedView<'a> {
    short_id: String,
    #[serde(flatten)]
    message: &'a QueuedMessage,
}

impl<'a> QueuedView<'a> {
    /// The view of a queued message.
    pub(crate) fn new(message: &'a QueuedMessage) -> Self {
        Self { short_id: message.id.short(), message }
    }
}

/// A question that waits for an answer.
#[derive(Debug, Serialize)]
pub(crate) struct ApprovalView<'a> {
    id: String,
    title: &'a str,
    #[serde(flatten)]
    approval: &'a Approval,
}

impl<'a> ApprovalView<'a> {
    /// The view of a question that is called `id`, in a session of this title.
    pub(crate) const fn new(id: String, approval: &'a Approval, title: &'a str) -> Self {
        Self { id, title, approval }
    }
}

/// An agent and whether it can be run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentView {
    /// What it is called here.
    pub(crate) name: String,
    /// What its makers call it, when it is a known one.
    pub(crate) title: Option<&'static str>,
    /// Whether it can be run.
    pub(crate) state: State,
    /// What its program says when it is asked for its version, as far as that is known.
    pub(crate) version: Option<String>,
    /// How it talks.
    pub(crate) protocol: &'static str,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Its model, when one is configured.
    pub(crate) model: Option<String>,
    /// Where the program is; none when it is not installed.
    pub(crate) program: Option<PathBuf>,
    /// Whether it is used unless another one is named.
    pub(crate) is_default: bool,
    /// The command that installs it, when it is a known one.
    pub(crate) install: Option<&'static str>,
    /// How to log in, when it is a known one.
    pub(crate) log_in: Option<&'static str>,
    /// Where it is defined.
    pub(crate) origin: Value,
}

#[cfg(test)]
mod tests;
