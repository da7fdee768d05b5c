//! The other side of the native protocol: what it takes to write a sidecar in Rust.
//!
//! A sidecar is a loop over turns. Within a turn every method that says something, waits or asks ends
//! with [`Interrupted`] once Switchboard has aborted the turn, so the code of a turn runs straight on and
//! leaves with `?`:
//!
//! ```
//! use switchboard_sidecar::worker::{Interrupted, Turn, Worker};
//!
//! async fn answer(turn: &mut Turn<'_>) -> Result<(), Interrupted> {
//!     turn.started(Some("conversation-1"))?;
//!     let input = serde_json::json!({"command": "make"});
//!     if turn.ask("Bash", input).await?.is_allow() {
//!         turn.text("Built. ")?;
//!     }
//!     turn.message("Built. All is well.")?;
//!     turn.completed(Some("conversation-1"), None)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! # let input = std::io::Cursor::new(concat!(
//! #     r#"{"type":"start_session","sessionId":"01890a5d-ac96-774b-bcce-b302099a8057","projectPath":"/","prompt":"build"}"#, "\n",
//! #     r#"{"type":"tool_approval_response","requestId":"apr_1","allowed":true}"#, "\n"));
//! # let mut worker = Worker::over(input, std::io::sink());
//! # let mut turns = 0;
//! # /*
//! let mut worker = Worker::stdio();
//! # */
//! while let Some(mut turn) = worker.next_turn().await {
//!     # turns += 1;
//!     match answer(&mut turn).await {
//!         Err(Interrupted::Write(error)) => return Err(error),
//!         Err(Interrupted::Aborted) => turn.failed("aborted").ok(),
//!         Err(Interrupted::Closed) | Ok(()) => None,
//!     };
//! }
//! # assert_eq!(turns, 1);
//! # Ok(()) }
//! ```

mod input;
mod turn;

use std::collections::VecDeque;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use switchboard_domain::{AgentSessionId, Answer, Cost, RequestId, SessionId};
use thiserror::Error;
use tokio::sync::mpsc;

pub use turn::Turn;

use crate::wire::{Incoming, Outgoing};

/// Messages that may wait unread. Switchboard sends few and waits for none, so more than this means that the
/// worker is busy, and then its input pipe should fill.
const MESSAGES_MAX: usize = 64;

/// Why a turn cannot go on.
#[derive(Debug, Error)]
pub enum Interrupted {
    /// Switchboard wants the turn to stop. The worker lives on, for the next turn.
    #[error("the turn was aborted")]
    Aborted,
    /// The input has ended: nobody is there any more.
    #[error("the input has ended")]
    Closed,
    /// Nothing can be said any more.
    #[error("writing to Switchboard")]
    Write(#[source] io::Error),
}

/// How a conversation was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Switchboard's id of the session.
    pub session_id: SessionId,
    /// The folder to work in.
    pub project_path: PathBuf,
    /// The model to use, when one was chosen.
    pub model: Option<String>,
    /// The most the conversation may cost, when there is a limit.
    pub max_budget: Option<Cost>,
    /// The earlier conversation to go on with, under the worker's own name for it.
    pub resume: Option<AgentSessionId>,
}

/// A sidecar's connection to Switchboard.
///
/// Writing blocks the thread while Switchboard holds the worker back. That is meant: a worker whose words
/// nobody takes should not go on working.
pub struct Worker {
    input: mpsc::Receiver<Incoming>,
    output: BufWriter<Box<dyn Write + Send>>,
    beginning: Option<Beginning>,
    /// Prompts that came while a turn was under way.
    prompts: VecDeque<String>,
    /// Answers that nobody has asked for yet.
    answers: Vec<(RequestId, Answer)>,
    requests: u64,
    is_aborted: bool,
    is_ended: bool,
    is_closed: bool,
}

impl Worker {
    /// Speaks on standard input and output, of which nobody else may make use.
    ///
    /// Starts a thread that reads; it ends with the input or with the program.
    pub fn stdio() -> Self {
        Self::over(io::stdin(), io::stdout())
    }

    /// Speaks on any pair of streams. As [`Self::stdio`] otherwise.
    pub fn over(input: impl Read + Send + 'static, output: impl Write + Send + 'static) -> Self {
        Self {
            input: input::read_in_background(input, MESSAGES_MAX),
            output: BufWriter::new(Box::new(output)),
            beginning: None,
            prompts: VecDeque::new(),
            answers: Vec::new(),
            requests: 0,
            is_aborted: false,
            is_ended: false,
            is_closed: false,
        }
    }

    /// Waits for the next prompt; `None` when the session was ended or the input has.
    ///
    /// # Cancellation
    /// Safe: no prompt is lost with a dropped call.
    pub async fn next_turn(&mut self) -> Option<Turn<'_>> {
        loop {
            if self.beginning.is_some()
                && !self.is_closed
                && let Some(prompt) = self.prompts.pop_front()
            {
                self.is_aborted = false;
                self.answers.clear();
                return Some(Turn::new(self, prompt));
            }
            if self.is_ended || self.is_closed {
                return None;
            }
            self.receive().await;
        }
    }

    /// Waits for one message and sorts it. Cancellation-safe.
    async fn receive(&mut self) {
        match self.input.recv().await {
            Some(message) => self.sort(message),
            None => self.is_closed = true,
        }
    }

    /// Sorts what has come without waiting.
    fn receive_ready(&mut self) {
        loop {
            match self.input.try_recv() {
                Ok(message) => self.sort(message),
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    self.is_closed = true;
                    return;
                }
            }
        }
    }

    fn sort(&mut self, message: Incoming) {
        match message {
            Incoming::StartSession { session_id, project_path, prompt, model, max_budget_usd, resume_session_id } => {
                self.beginning = Some(Beginning {
                    session_id,
                    project_path,
                    model,
                    max_budget: max_budget_usd,
                    resume: resume_session_id,
                });
                self.prompts.push_back(prompt);
            }
            Incoming::SendMessage { message, .. } => self.prompts.push_back(message),
            Incoming::AbortSession { .. } => self.is_aborted = true,
            Incoming::EndSession { .. } => self.is_ended = true,
            Incoming::ToolApprovalResponse { request_id, allowed, updated_permissions } => {
                let answer = if allowed { Answer::Allow { updated_permissions } } else { Answer::Deny };
                self.answers.push((request_id, answer));
            }
        }
    }

    /// Whether a turn must not go on.
    fn interruption(&mut self) -> Result<(), Interrupted> {
        self.receive_ready();
        // An abort first: who says it and then closes the input may still read what the worker says to it.
        match (self.is_aborted, self.is_closed) {
            (true, _) => Err(Interrupted::Aborted),
            (_, true) => Err(Interrupted::Closed),
            _ => Ok(()),
        }
    }

    fn write(&mut self, message: &Outgoing) -> Result<(), Interrupted> {
        let written = serde_json::to_writer(&mut self.output, message).map_err(io::Error::from);
        written.and_then(|()| self.output.write_all(b"\n")).map_err(Interrupted::Write)
    }

    fn flush(&mut self) -> Result<(), Interrupted> {
        self.output.flush().map_err(Interrupted::Write)
    }
}

#[cfg(test)]
mod tests;
