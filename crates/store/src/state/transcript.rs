//! The part of a transcript that is in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use switchboard_domain::{Message, Seq, ToolCall};

/// The newest messages of a session. Older ones may be on disk only.
///
/// What is here is one run without gaps that ends at the newest message.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    messages: VecDeque<Arc<Message>>,
    last_seq: Seq,
    content_bytes: usize,
}

impl Transcript {
    /// A transcript whose messages, up to `last_seq`, are all on disk.
    pub(crate) fn on_disk(last_seq: Seq) -> Self {
        Self { messages: VecDeque::new(), last_seq, content_bytes: 0 }
    }

    /// The place of the newest message, in memory or not; [`Seq::ZERO`] when there is none.
    pub const fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// The place of the oldest message in memory, or of the next one to come if there is none.
    pub fn first_seq(&self) -> Seq {
        self.messages.front().map_or(self.last_seq.next(), |message| message.seq)
    }

    /// Whether every message is in memory.
    pub fn is_complete(&self) -> bool {
        self.first_seq() == Seq::FIRST
    }

    /// The messages in memory, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> + ExactSizeIterator {
        self.messages.iter()
    }

    /// The message at this place, if it is in memory.
    pub fn get(&self, seq: Seq) -> Option<&Arc<Message>> {
        self.messages.get(self.index(seq)?)
    }

    /// The messages in memory from `seq` on.
    pub(crate) fn from(&self, seq: Seq) -> impl Iterator<Item = &Arc<Message>> {
        let start = self.index(seq).unwrap_or(0).min(self.messages.len());
        self.messages.range(start..)
    }

    /// Bytes of text in memory.
    pub(crate) const fn content_bytes(&self) -> usize {
        self.content_bytes
    }

    pub(crate) fn append(&mut self, message: Arc<Message>) {
        if message.seq == self.last_seq.next() {
            self.last_seq = message.seq;
            self.content_bytes += text_bytes(&message);
            self.messages.push_back(message);
        }
    }

    /// Puts older messages in front; a page that does not end right before what is here is ignored.
    pub(crate) fn prepend(&mut self, older: &[Arc<Message>]) {
        if older.last().is_some_and(|newest| newest.seq.next() == self.first_seq()) {
            for message in older.iter().rev() {
                self.content_bytes += text_bytes(message);
                self.messages.push_front(Arc::clone(message));
            }
        }
    }

    pub(crate) fn set_tool_calls(&mut self, seq: Seq, tool_calls: &[ToolCall]) {
        if let Some(message) = self.index(seq).and_then(|index| self.messages.get_mut(index)) {
            Arc::make_mut(message).body.tool_calls = tool_calls.to_vec();
        }
    }

    pub(crate) fn trim(&mut self, through: Seq) {
        while let Some(oldest) = self.messages.pop_front_if(|message| message.seq <= through) {
            self.content_bytes -= text_bytes(&oldest);
        }
    }

    fn index(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.get().checked_sub(self.first_seq().get())?).ok()
    }
}

/// Tool calls are left out: they can change, and the sum must not.
fn text_bytes(message: &Message) -> usize {
    message.body.content.len() + message.body.thinking.as_ref().map_or(0, String::len)
}
