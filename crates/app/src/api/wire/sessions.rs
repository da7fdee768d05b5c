//! Sessions: starting them, talking to them, and what is shown of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use switchboard_domain::{ProjectId, QueuedMessageId, Session, SessionId};
use switchboard_store::State;

use crate::api::wire::Policy;
use crate::engine::SendOutcome;

/// Starts a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartSession {
    /// Its id, a UUID of version 7. Whoever chooses it may ask again and gets the same session; made
    /// by the server when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SessionId>,
    /// The project it works in.
    pub project_id: ProjectId,
    /// The agent's name in the configuration; the default agent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The first prompt.
    pub prompt: String,
    /// A title; made from the prompt when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The model asked for, when one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who answers when its agent asks for approval.
    #[serde(default)]
    pub policy: Policy,
}

/// A session: its own fields and what a list shows around them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    /// The short form of its id, which people type.
    pub short_id: String,
    /// The folder it works in.
    pub project_path: Option<PathBuf>,
    /// What people call its project.
    pub project_name: Option<String>,
    /// How many messages it has.
    pub messages: u64,
    /// How many messages wait in its queue.
    pub queued: usize,
    /// How many approvals wait for an answer.
    pub pending_approvals: usize,
    /// The session itself.
    #[serde(flatten)]
    pub session: Session,
}

impl SessionView {
    /// The view of a session of `state`, if there is one.
    pub fn of(state: &State, id: SessionId) -> Option<Self> {
        let found = state.session(id)?;
        let session = found.session().clone();
        let project = state.project(session.project_id);
        Some(Self {
            short_id: session.id.short(),
            project_path: project.map(|project| project.path.clone()),
            project_name: project.map(|project| project.name.clone()),
            messages: found.transcript().last_seq().get(),
            queued: found.queue().len(),
            pending_approvals: found.pending_approvals().count(),
            session,
        })
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendResult {
    /// Where it went.
    pub sent_to: SentTo,
    /// Its id in the queue, if it went there.
    pub queued_id: Option<QueuedMessageId>,
}

/// Where a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentTo {
    /// To the agent.
    Agent,
    /// Into the queue, behind what waits there.
    Queue,
}

impl From<SendOutcome> for SendResult {
    fn from(outcome: SendOutcome) -> Self {
        match outcome {
            SendOutcome::Delivered => Self { sent_to: SentTo::Agent, queued_id: None },
            SendOutcome::Queued(id) => Self { sent_to: SentTo::Queue, queued_id: Some(id) },
        }
    }
}

/// What became of an agent that was to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Whether it ran.
    pub was_running: bool,
}
