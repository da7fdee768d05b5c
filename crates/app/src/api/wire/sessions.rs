//! Sessions: starting them, talking to them, and what is shown of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use switchboard_domain::{ProjectId, QueuedMessageId, Session, SessionId, SessionStatus};
use switchboard_store::State;
use utoipa::{IntoParams, ToSchema};

use crate::api::error::ApiError;
use crate::api::schema;
use crate::api::wire::Policy;
use crate::engine::{Resumed, SendOutcome};

/// Starts a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSession {
    /// Its id, a UUID of version 7. Whoever chooses it may ask again and gets the same session; made
    /// by the server when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<SessionId>,
    /// The project it works in.
    #[schema(value_type = Uuid)]
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

/// Which sessions are listed, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListSessions {
    /// Only those of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub project: Option<ProjectId>,
    /// Only those that stand here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<schema::SessionStatus>, nullable = false)]
    pub status: Option<SessionStatus>,
    /// Only those older than this one, to go on with the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub before: Option<SessionId>,
    /// At most so many; all unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>, nullable = false)]
    pub limit: Option<u32>,
}

/// A session: its own fields and what a list shows around them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The short form of its id, which people type.
    pub short_id: String,
    /// The folder it works in.
    #[schema(value_type = Option<String>)]
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
    #[schema(value_type = schema::Session)]
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

/// Text that somebody says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The text.
    pub text: String,
}

impl Text {
    /// The text, if something is in it.
    pub(in crate::api) fn said(self) -> Result<String, ApiError> {
        if self.text.trim().is_empty() { Err(ApiError::empty_text()) } else { Ok(self.text) }
    }
}

/// Goes on with a session that did not come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// What its agent is told. Otherwise the last prompt again, if it was never answered; otherwise `continue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who answers when its agent asks for approval from now on; as before when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// What a session was told so that it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resumption {
    /// What its agent was told.
    pub message: String,
    /// Whether that is the last prompt again, which is in the transcript once.
    pub again: bool,
}

impl From<Resumed> for Resumption {
    fn from(resumed: Resumed) -> Self {
        match resumed {
            Resumed::Again(message) => Self { message, again: true },
            Resumed::With(message) => Self { message, again: false },
        }
    }
}

/// Gives a session another title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTitle {
    /// The title.
    pub title: String,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendResult {
    /// Where it went.
    pub sent_to: SentTo,
    /// Its id in the queue, if it went there.
    #[schema(value_type = Option<Uuid>)]
    pub queued_id: Option<QueuedMessageId>,
}

/// Where a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stopped {
    /// Whether it ran.
    pub was_running: bool,
}
