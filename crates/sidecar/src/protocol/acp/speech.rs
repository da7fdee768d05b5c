//! Chunks of text and thought put together to messages.
//!
//! ACP has no finished messages, only chunks. A run of them is one message: thought, then text. It ends
//! where the agent names another message, thinks again, calls a tool, or ends its turn.

use std::mem;

use switchboard_domain::{AgentEvent, MessageBody, Role, Usage};

use crate::protocol::Output;

/// What a chunk is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    Thought,
    Text,
}

/// The message under way.
#[derive(Debug)]
pub(super) struct Speech {
    text: Part,
    thought: Part,
    bytes_max: usize,
    /// Whether a tool was called since the last message.
    called: bool,
}

#[derive(Debug, Default)]
struct Part {
    text: String,
    /// The agent's name for the message the part belongs to.
    message: Option<String>,
}

impl Speech {
    /// Messages longer than `bytes_max` are cut.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { text: Part::default(), thought: Part::default(), bytes_max: bytes_max.max(4), called: false }
    }

    /// Another piece, of the agent's message `message` if it says so.
    pub(super) fn hear(&mut self, chunk: Chunk, text: &str, message: Option<&str>, bytes: usize, out: &mut Output) {
        if text.is_empty() {
            return;
        }
        if self.begins_another(chunk, message) {
            self.finish(None, out);
        }
        if self.is_empty() && mem::take(&mut self.called) {
            // The tools were called before this text, so they get a message before it.
            out.emit(AgentEvent::Message(MessageBody::text(Role::Assistant, "")), 0);
        }
        let piece = text.to_owned();
        let (part, event) = match chunk {
            Chunk::Text => (&mut self.text, AgentEvent::ContentDelta { text: piece }),
            Chunk::Thought => (&mut self.thought, AgentEvent::ThinkingDelta { text: piece }),
        };
        part.text.push_str(text);
        if let Some(message) = message {
            part.message = Some(message.to_owned());
        }
        out.emit(event, bytes);
        self.cut(out);
    }

    /// A tool is called: what was said before is one message.
    pub(super) fn call(&mut self, out: &mut Output) {
        self.finish(None, out);
        self.called = true;
    }

    /// The turn is over, and cost `usage`.
    pub(super) fn end_turn(&mut self, usage: Option<Usage>, out: &mut Output) {
        if self.is_empty() && self.called && usage.is_some() {
            self.emit(String::new(), usage, out);
        }
        self.finish(usage, out);
        self.called = false;
    }

    /// Ends the message under way, if there is one.
    pub(super) fn finish(&mut self, usage: Option<Usage>, out: &mut Output) {
        if !self.is_empty() {
            let text = mem::take(&mut self.text).text;
            self.emit(text, usage, out);
        }
    }

    fn begins_another(&self, chunk: Chunk, message: Option<&str>) -> bool {
        let part = match chunk {
            Chunk::Text => &self.text,
            Chunk::Thought if !self.text.text.is_empty() => return true,
            Chunk::Thought => &self.thought,
        };
        // Some agents give the thought and the text of one message different ids.
        !part.text.is_empty() && message.is_some() && part.message.is_some() && part.message.as_deref() != message
    }

    fn is_empty(&self) -> bool {
        self.text.text.is_empty() && self.thought.text.is_empty()
    }

    fn emit(&mut self, content: String, usage: Option<Usage>, out: &mut Output) {
        let thought = mem::take(&mut self.thought).text;
        let bytes = content.len() + thought.len();
        let thinking = Some(thought).filter(|thought| !thought.is_empty());
        let body = MessageBody { thinking, usage, ..MessageBody::text(Role::Assistant, content) };
        out.emit(AgentEvent::Message(body), bytes);
    }

    fn cut(&mut self, out: &mut Output) {
        while self.text.text.len() > self.bytes_max {
            let rest = split_off(&mut self.text.text, self.bytes_max);
            let text = mem::replace(&mut self.text.text, rest);
            self.emit(text, None, out);
        }
        while self.thought.text.len() > self.bytes_max {
            let rest = split_off(&mut self.thought.text, self.bytes_max);
            self.emit(String::new(), None, out);
            self.thought.text = rest;
        }
    }
}

fn split_off(text: &mut String, bound: usize) -> String {
    text.split_off(text.floor_char_boundary(bound))
}

#[cfg(test)]
mod tests {
    use super::Chunk::{Text, Thought};
    use super::*;
    use crate::LineEvent;

    /// What is heard after `chunks`: messages as `thought|text`.
    #[track_caller]
    fn check(chunks: &[(Chunk, &str, Option<&str>)], messages: &[&str]) {
        let mut speech = Speech::new(10);
        let mut out = Output::default();
        for (chunk, text, message) in chunks {
            speech.hear(*chunk, text, *message, text.len(), &mut out);
        }
        speech.finish(None, &mut out);
        let heard = out.events.iter().filter_map(|(event, _)| match event {
            LineEvent::Agent(AgentEvent::Message(body)) => {
                Some(format!("{}|{}", body.thinking.as_deref().unwrap_or(""), body.content))
            }
            _ => None,
        });
        assert_eq!(heard.collect::<Vec<_>>(), messages);
    }

    #[test]
    fn a_run_of_chunks_is_one_message() {
        check(&[(Thought, "hm", None), (Thought, "m", None), (Text, "a", None), (Text, "b", None)], &["hmm|ab"]);
    }

    #[test]
    fn another_id_is_another_message_but_a_thoughts_id_is_its_own() {
        check(
            &[(Thought, "t", Some("1")), (Text, "a", Some("2")), (Text, "b", Some("2")), (Text, "c", Some("3"))],
            &["t|ab", "|c"],
        );
    }

    #[test]
    fn thinking_again_begins_another_message() {
        check(&[(Text, "a", None), (Thought, "t", None), (Text, "b", None)], &["|a", "t|b"]);
    }

    #[test]
    fn empty_chunks_say_nothing() {
        check(&[(Text, "", Some("1")), (Thought, "", None)], &[]);
    }

    #[test]
    fn an_endless_message_is_cut_between_characters() {
        check(&[(Text, "aaaaaaaaa€b", None)], &["|aaaaaaaaa", "|€b"]);
        check(&[(Thought, "0123456789abc", None), (Text, "d", None)], &["0123456789|", "abc|d"]);
    }
}
