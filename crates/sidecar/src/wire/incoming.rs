//! What a worker reads.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::{AgentCommand, AgentSessionId, Answer, Cost, RequestId, SessionId};

use super::lenient::lenient;

/// What a worker reads on its standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Incoming {
    /// Begin a conversation, or go on with an earlier one, with a first prompt. Always the first message.
    StartSession {
        /// Switchboard's id of the session; to be repeated in all that is said about it.
        session_id: SessionId,
        /// The folder to work in; also the process's working directory.
        project_path: PathBuf,
        /// What to do.
        prompt: String,
        /// The model to use, when one was chosen.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The most this conversation may cost, when there is a limit.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        max_budget_usd: Option<Cost>,
        /// The conversation to go on with, under the worker's own name for it.
        #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
        resume_session_id: Option<AgentSessionId>,
    },
    /// The next turn's prompt.
    SendMessage {
        /// The session.
        session_id: SessionId,
        /// The text.
        message: String,
    },
    /// Stop the turn under way.
    AbortSession {
        /// The session.
        session_id: SessionId,
    },
    /// No more turns: finish and exit. The end of input says the same.
    EndSession {
        /// The session.
        session_id: SessionId,
    },
    /// The answer to a request for approval.
    ToolApprovalResponse {
        /// The request.
        request_id: RequestId,
        /// The yes or no.
        allowed: bool,
        /// Those of the worker's suggestions that were accepted, as it made them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        updated_permissions: Option<Value>,
    },
}

impl Incoming {
    /// The message that tells `command` to the worker of session `session_id`.
    pub fn from_command(session_id: SessionId, command: AgentCommand) -> Self {
        match command {
            AgentCommand::Start(start) => Self::StartSession {
                session_id,
                project_path: start.project_path,
                prompt: start.prompt,
                model: start.model,
                max_budget_usd: start.max_budget,
                resume_session_id: start.resume,
            },
            AgentCommand::SendMessage { text } => Self::SendMessage { session_id, message: text },
            AgentCommand::AnswerApproval { request_id, answer } => {
                let allowed = answer.is_allow();
                let updated_permissions = match answer {
                    Answer::Allow { updated_permissions } => updated_permissions,
                    Answer::Deny => None,
                };
                Self::ToolApprovalResponse { request_id, allowed, updated_permissions }
            }
            AgentCommand::Abort => Self::AbortSession { session_id },
            AgentCommand::End => Self::EndSession { session_id },
        }
    }
}
