//! A message under way that is looked at now and then, instead of piece by piece.

use switchboard_domain::Draft;

use super::{Narrator, Utterance};

/// What was told of the message under way.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) content: String,
    pub(super) thinking: String,
}

impl Narrator {
    /// Tells what is new in the message under way, in the order in which agents think, speak and act.
    pub(crate) fn catch_up(&mut self, draft: &Draft) -> Vec<Utterance> {
        if !(draft.content.starts_with(&self.draft.content) && draft.thinking.starts_with(&self.draft.thinking)) {
            // Another message has begun; of the one before it nothing more will come.
            self.end_message();
        }
        let thought = draft.thinking.get(self.draft.thinking.len()..).unwrap_or_default();
        let spoken = draft.content.get(self.draft.content.len()..).unwrap_or_default();
        self.thinking_piece(thought);
        self.content_piece(spoken);
        self.calls_of_message(draft.tool_calls.as_slice());
        std::mem::take(&mut self.said)
    }
}
