//! Keeps the newest message back until it is known what it cost.
//!
//! Agents say how many tokens a message took only after the message itself. A message in a transcript
//! never changes, so it is handed on when the tokens are known, or as soon as anything else follows.

use switchboard_domain::{AgentEvent, MessageBody, Usage};

use super::Output;

/// The newest message, and tokens that no message carries yet.
#[derive(Debug, Default)]
pub(crate) struct HeldMessage {
    message: Option<(MessageBody, usize)>,
    unclaimed: Option<Usage>,
}

impl HeldMessage {
    /// Takes `message`, made of `bytes` bytes, in the place of the one before, which is handed on.
    pub(crate) fn put(&mut self, message: MessageBody, bytes: usize, out: &mut Output) {
        self.release(out);
        self.message = Some((message, bytes));
        if let Some(usage) = self.unclaimed.take() {
            self.add(usage);
        }
    }

    /// The message, or if there is none the next one, took these tokens too.
    pub(crate) fn add(&mut self, usage: Usage) {
        if usage == Usage::default() {
            return;
        }
        let counted = match &mut self.message {
            Some((message, _)) => &mut message.usage,
            None => &mut self.unclaimed,
        };
        *counted = Some(counted.unwrap_or_default() + usage);
    }

    /// Hands the message on.
    pub(crate) fn release(&mut self, out: &mut Output) {
        if let Some((message, bytes)) = self.message.take() {
            out.emit(AgentEvent::Message(message), bytes);
        }
    }

    /// The turn is over: hands the message on, and forgets tokens that no message can carry any more.
    pub(crate) fn end_turn(&mut self, out: &mut Output) {
        self.release(out);
        self.unclaimed = None;
    }
}
