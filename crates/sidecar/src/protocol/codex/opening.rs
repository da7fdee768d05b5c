//! From a fresh process to an open conversation: `initialize`, then `thread/start` or `thread/resume`.

use serde_json::{Value, json};
use switchboard_domain::{AgentEvent, StartSession};

use super::failure::not_opened;
use super::rpc::{Asked, Pending, notification};
use crate::protocol::{Output, Ticket};

/// What a person says, and the command that brought it.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) ticket: Ticket,
    pub(super) text: String,
}

/// How far the conversation is open.
#[derive(Debug, Default)]
pub(super) enum Opening {
    /// Nothing was said yet.
    #[default]
    Fresh,
    /// Being opened; the prompt waits.
    UnderWay {
        /// What to ask for once the program has introduced itself.
        params: Value,
        /// What to say once the conversation is open; `None` when it was taken back.
        prompt: Option<Prompt>,
    },
    /// Open.
    Open {
        /// Codex's name for the conversation.
        thread_id: String,
    },
    /// It could not be opened.
    Failed,
}

impl Opening {
    /// Codex's name for the conversation, once it is open.
    pub(super) fn thread_id(&self) -> Option<&str> {
        match self {
            Self::Open { thread_id } => Some(thread_id),
            _ => None,
        }
    }

    /// Introduces us. The prompt is delivered when the conversation is open.
    pub(super) fn begin(&mut self, ticket: Ticket, start: StartSession, pending: &mut Pending, out: &mut Output) {
        if !matches!(self, Self::Fresh) {
            return out.refuse(ticket, "this agent has begun its conversation already");
        }
        let Some(folder) = start.project_path.to_str() else {
            return out.refuse(ticket, "the project's path is not UTF-8, which this agent's protocol needs");
        };
        let mut params = json!({"cwd": folder});
        if let Some(model) = start.model {
            params["model"] = json!(model);
        }
        if let Some(resume) = start.resume {
            params["threadId"] = json!(resume);
            // Its history, which we have, would be one endless line.
            params["excludeTurns"] = json!(true);
        }
        let client = json!({"name": "switchboard", "title": "Switchboard", "version": env!("CARGO_PKG_VERSION")});
        let introduction = json!({"clientInfo": client, "capabilities": {"experimentalApi": true}});
        out.write(pending.request(Asked::Initialize, "initialize", &introduction));
        *self = Self::UnderWay { params, prompt: Some(Prompt { ticket, text: start.prompt }) };
    }

    /// The program has introduced itself.
    pub(super) fn initialized(&self, pending: &mut Pending, out: &mut Output) {
        let Self::UnderWay { params, .. } = self else { return };
        let method = if params["threadId"].is_string() { "thread/resume" } else { "thread/start" };
        out.write(notification("initialized"));
        out.write(pending.request(Asked::OpenThread, method, params));
    }

    /// The conversation is open; returns the prompt that waited for it.
    pub(super) fn opened(&mut self, result: &Value, out: &mut Output) -> Option<Prompt> {
        let Some(thread_id) = result["thread"]["id"].as_str() else {
            self.failed(&json!({"message": "its answer names no conversation"}), out);
            return None;
        };
        let Self::UnderWay { params, prompt } = std::mem::replace(self, Self::Open { thread_id: thread_id.to_owned() })
        else {
            return None;
        };
        let asked_for = params["threadId"].as_str();
        if asked_for.is_some_and(|id| id != thread_id) {
            let message = "Codex went on in another conversation than the one it was asked for".to_owned();
            out.emit(AgentEvent::Warning { message }, 0);
        }
        prompt
    }

    /// The conversation cannot be opened: the turn fails with the reason, and the process may go.
    pub(super) fn failed(&mut self, error: &Value, out: &mut Output) {
        let Self::UnderWay { params, prompt } = std::mem::replace(self, Self::Failed) else { return };
        if let Some(prompt) = prompt {
            // Settled as delivered, because a refusal would hide the reason behind the end of the process.
            out.deliver(prompt.ticket, Vec::new());
            out.emit(AgentEvent::Failed { error: not_opened(error, params["threadId"].as_str()) }, 0);
        }
        out.close_input = true;
    }

    /// A prompt came before the conversation is open.
    pub(super) fn hold(&mut self, new: Prompt, out: &mut Output) {
        match self {
            Self::UnderWay { prompt: free @ None, .. } => *free = Some(new),
            Self::UnderWay { .. } => out.refuse(new.ticket, "another message waits for the agent to be ready"),
            _ => out.refuse(new.ticket, "the agent has no conversation"),
        }
    }

    /// The turn shall end before it could begin.
    pub(super) fn give_up_prompt(&mut self, out: &mut Output) {
        if let Self::UnderWay { prompt, .. } = self
            && let Some(prompt) = prompt.take()
        {
            out.refuse(prompt.ticket, "the turn was stopped before the agent was ready");
        }
    }
}
