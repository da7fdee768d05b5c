//! One turn of a sidecar.

use std::pin::pin;
use std::time::Duration;

use serde_json::Value;
use switchboard_domain::{
    AgentSessionId, Answer, Cost, RateLimitStatus, RequestId, Role, SessionId, Timestamp, ToolCallId,
};
use tokio::time::{Instant, timeout_at};

use super::{Beginning, Interrupted, Worker};
use crate::wire::{Outgoing, WireToolCall, WireUsage};

/// A prompt to answer, and the way to do it.
///
/// Every method fails with [`Interrupted`] once the turn was aborted or the input has ended, except
/// [`Self::failed`] and [`Self::completed`], which end a turn whatever happened to it. Finish each turn
/// with one of them.
pub struct Turn<'worker> {
    worker: &'worker mut Worker,
    prompt: String,
}

impl<'worker> Turn<'worker> {
    pub(super) const fn new(worker: &'worker mut Worker, prompt: String) -> Self {
        Self { worker, prompt }
    }

    /// What to do.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// How the conversation was begun.
    ///
    /// # Panics
    /// Never: there is no turn before the beginning.
    pub fn beginning(&self) -> &Beginning {
        self.worker.beginning.as_ref().expect("a turn exists only after its session was started")
    }

    /// Switchboard's id of the session.
    pub fn session_id(&self) -> SessionId {
        self.beginning().session_id
    }

    /// Says that the turn began, in the conversation that the worker calls `conversation`.
    ///
    /// # Errors
    /// See [`Turn`]; so for all that follow.
    pub fn started(&mut self, conversation: Option<&str>) -> Result<(), Interrupted> {
        let session_id = self.session_id();
        self.say(&Outgoing::SessionStarted { session_id, sdk_session_id: conversation.map(AgentSessionId::new) })
    }

    /// Says a piece of the text of the message under way.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn text(&mut self, delta: impl Into<String>) -> Result<(), Interrupted> {
        let session_id = self.session_id();
        self.say(&Outgoing::ContentDelta { session_id, delta: delta.into() })
    }

    /// Says a piece of the thinking of the message under way.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn thinking(&mut self, delta: impl Into<String>) -> Result<(), Interrupted> {
        let session_id = self.session_id();
        self.say(&Outgoing::ThinkingDelta { session_id, delta: delta.into() })
    }

    /// Says a finished message of plain text. For one with more to it, [`Self::say`] an [`Outgoing::Message`].
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn message(&mut self, content: impl Into<String>) -> Result<(), Interrupted> {
        self.full_message(content, None, Vec::new(), None)
    }

    /// Says a finished message with all that can belong to one.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn full_message(
        &mut self,
        content: impl Into<String>,
        thinking: Option<String>,
        tool_calls: Vec<WireToolCall>,
        usage: Option<WireUsage>,
    ) -> Result<(), Interrupted> {
        let (session_id, role, content) = (self.session_id(), Role::Assistant, content.into());
        self.say(&Outgoing::Message { session_id, role, content, thinking, tool_calls, usage })
    }

    /// Says that a tool is being called.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn tool_use(&mut self, id: &str, tool: &str, input: Value) -> Result<(), Interrupted> {
        let (session_id, tool_name, tool_use_id) = (self.session_id(), tool.to_owned(), Some(ToolCallId::new(id)));
        self.say(&Outgoing::ToolUse { session_id, tool_name, input, tool_use_id })
    }

    /// Says that a tool is still running.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn tool_progress(&mut self, tool: &str, elapsed: Duration) -> Result<(), Interrupted> {
        let (session_id, tool_name, elapsed_seconds) = (self.session_id(), tool.to_owned(), elapsed.as_secs_f64());
        self.say(&Outgoing::ToolProgress { session_id, tool_name, elapsed_seconds })
    }

    /// Says what came of a tool call.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn tool_result(&mut self, id: &str, tool: &str, output: Value) -> Result<(), Interrupted> {
        let (session_id, tool_name, tool_use_id) = (self.session_id(), tool.to_owned(), Some(ToolCallId::new(id)));
        self.say(&Outgoing::ToolResult { session_id, tool_name, output, tool_use_id })
    }

    /// Says what the account may still do.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn rate_limit(&mut self, status: RateLimitStatus, resets_at: Option<Timestamp>) -> Result<(), Interrupted> {
        let session_id = self.session_id();
        self.say(&Outgoing::RateLimitStatus { session_id, status, resets_at, rate_limit_type: None })
    }

    /// Asks whether a tool may run, and waits for the answer.
    ///
    /// # Errors
    /// See [`Turn`]. An interrupted question is no longer asked; an answer to it is ignored.
    pub async fn ask(&mut self, tool: &str, input: Value) -> Result<Answer, Interrupted> {
        self.worker.requests += 1;
        let request_id = RequestId::new(format!("apr_{}", self.worker.requests));
        let question = Outgoing::ToolApprovalRequest {
            session_id: self.session_id(),
            request_id: request_id.clone(),
            tool_name: tool.to_owned(),
            input,
            suggestions: None,
        };
        self.say(&question)?;
        loop {
            self.worker.interruption()?;
            if let Some(at) = self.worker.answers.iter().position(|(answered, _)| *answered == request_id) {
                return Ok(self.worker.answers.swap_remove(at).1);
            }
            self.worker.receive().await;
        }
    }

    /// Does `work` until it is done or the turn is interrupted, which drops it.
    ///
    /// # Errors
    /// See [`Turn`]; at once, even in the middle of the work.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let mut work = pin!(work);
        loop {
            self.worker.interruption()?;
            tokio::select! {
                done = &mut work => return Ok(done),
                () = self.worker.receive() => {}
            }
        }
    }

    /// Does nothing for `time`.
    ///
    /// # Errors
    /// See [`Turn`]; at once, not after the time.
    pub async fn pause(&mut self, time: Duration) -> Result<(), Interrupted> {
        let end = Instant::now() + time;
        loop {
            self.worker.interruption()?;
            if timeout_at(end, self.worker.receive()).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Ends the turn well. `total_cost` is what the process has spent since it started.
    ///
    /// # Errors
    /// [`Interrupted::Write`] only.
    pub fn completed(&mut self, conversation: Option<&str>, total_cost: Option<Cost>) -> Result<(), Interrupted> {
        let (session_id, sdk_session_id) = (self.session_id(), conversation.map(AgentSessionId::new));
        self.end(&Outgoing::SessionCompleted {
            session_id,
            sdk_session_id,
            total_cost_usd: total_cost,
            duration_ms: None,
        })
    }

    /// Ends the turn with an error.
    ///
    /// # Errors
    /// [`Interrupted::Write`] only.
    pub fn failed(&mut self, error: impl Into<String>) -> Result<(), Interrupted> {
        let session_id = self.session_id();
        self.end(&Outgoing::SessionFailed { session_id, error: error.into() })
    }

    /// Says anything.
    ///
    /// # Errors
    /// See [`Turn`].
    pub fn say(&mut self, message: &Outgoing) -> Result<(), Interrupted> {
        self.worker.interruption()?;
        self.worker.write(message)?;
        self.worker.flush()
    }

    /// Says much at once: cheaper than as many calls of [`Self::say`].
    ///
    /// # Errors
    /// See [`Turn`]. What was said before the error may or may not have been heard.
    pub fn say_all(&mut self, messages: impl IntoIterator<Item = Outgoing>) -> Result<(), Interrupted> {
        for message in messages {
            self.worker.interruption()?;
            self.worker.write(&message)?;
        }
        self.worker.flush()
    }

    fn end(&mut self, message: &Outgoing) -> Result<(), Interrupted> {
        self.worker.write(message)?;
        self.worker.flush()
    }
}
