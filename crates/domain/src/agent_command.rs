//! What a sidecar is told.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{AgentSessionId, Answer, Cost, RequestId, SessionId};

/// How a conversation starts, or goes on in a new process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartSession {
    /// Our id of the session.
    pub session_id: SessionId,
    /// The folder to work in.
    pub project_path: PathBuf,
    /// What to do.
    pub prompt: String,
    /// The model, when one was chosen.
    pub model: Option<String>,
    /// The most this conversation may cost, when there is a limit.
    pub max_budget: Option<Cost>,
    /// The conversation to go on with.
    pub resume: Option<AgentSessionId>,
}

/// What an agent is told, the same for every protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum AgentCommand {
    /// Begin, or resume, with a prompt.
    Start(StartSession),
    /// The next turn's prompt.
    SendMessage {
        /// The text.
        text: String,
    },
    /// The answer to a request for approval.
    AnswerApproval {
        /// The request.
        request_id: RequestId,
        /// The yes or no.
        answer: Answer,
    },
    /// Stop the turn under way.
    Abort,
    /// No more turns: finish and exit.
    End,
}
