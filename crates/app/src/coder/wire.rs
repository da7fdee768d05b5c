//! The formats that model endpoints speak, each a pure half: conversations in, requests out; events in, replies
//! out.
//!
//! No I/O, no clock. A [`StreamReader`] is fed one [`Event`] at a time, as [`EventSplitter`] cuts them from the
//! bytes of the answer, and says what is to be shown at once ([`Piece`]); at the end it has the [`Answer`].

mod anthropic;
mod chat;
mod events;
mod responses;
mod stream_error;
#[cfg(test)]
mod tests;

use clap::ValueEnum;
use serde_json::Value;
use switchboard_sidecar::wire::WireUsage;

pub(super) use events::{Event, EventSplitter};
pub(super) use stream_error::StreamError;

use super::conversation::{Conversation, Reply};
use super::tools::Tool;

/// Which format an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Api {
    /// Anthropic's Messages
    Anthropic,
    /// `OpenAI`'s Responses
    Responses,
    /// `OpenAI`'s Chat Completions, which Ollama, llama.cpp, vLLM and most others speak
    Chat,
}

/// What a model is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The model.
    pub(super) model: &'a str,
    /// What it is told about itself and its work.
    pub(super) instructions: &'a str,
    /// What was said so far.
    pub(super) conversation: &'a Conversation,
    /// What it may use.
    pub(super) tools: &'a [Tool],
    /// The most tokens it may write.
    pub(super) output_tokens_max: u32,
}

/// What is shown of an answer while it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Of what is said to the user.
    Text(String),
    /// Of what the model thinks.
    Thinking(String),
}

/// A finished answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// What belongs into the conversation.
    pub(super) reply: Reply,
    /// What the model thought, as far as it may be seen.
    pub(super) thinking: String,
    /// Tokens it cost, if the endpoint told.
    pub(super) usage: Option<WireUsage>,
    /// Whether it ended because the model may write no more.
    pub(super) is_cut_short: bool,
}

/// Makes an answer out of the events of its stream.
pub(super) trait StreamReader: Send {
    /// Reads one event and says what it adds.
    fn read(&mut self, event: &Event) -> Result<Vec<Piece>, StreamError>;

    /// Whether the answer is finished, so that nothing after it needs to be read.
    fn is_finished(&self) -> bool;

    /// Whether nothing is missing if the stream ends here.
    fn may_end(&self) -> bool {
        self.is_finished()
    }

    /// What was read, finished or not.
    fn into_answer(self: Box<Self>) -> Answer;
}

impl Api {
    /// Where questions go, below the version's folder.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Anthropic => "messages",
            Self::Responses => "responses",
            Self::Chat => "chat/completions",
        }
    }

    /// The headers that carry the `key`, and those without which there is no answer.
    pub(super) fn headers(self, key: Option<&str>) -> Vec<(&'static str, String)> {
        let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
        match self {
            Self::Anthropic => {
                let version = ("anthropic-version", anthropic::VERSION.to_owned());
                key.map(|key| ("x-api-key", key.to_owned())).into_iter().chain([version]).collect()
            }
            Self::Responses | Self::Chat => key.map(bearer).into_iter().collect(),
        }
    }

    /// The body of the request that asks `question`.
    pub(super) fn body(self, question: &Question<'_>) -> Value {
        match self {
            Self::Anthropic => anthropic::body(question),
            Self::Responses => responses::body(question),
            Self::Chat => chat::body(question),
        }
    }

    /// What reads the answer.
    pub(super) fn reader(self) -> Box<dyn StreamReader> {
        match self {
            Self::Anthropic => Box::new(anthropic::Reader::default()),
            Self::Responses => Box::new(responses::Reader::default()),
            Self::Chat => Box::new(chat::Reader::default()),
        }
    }
}

/// The JSON of an event's data.
fn parse(event: &Event) -> Result<Value, StreamError> {
    serde_json::from_str(&event.data).map_err(|_| StreamError::malformed(&event.data))
}

/// A text in JSON, empty when it is missing or something else.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A count in JSON, 0 when it is missing or something else.
fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// The piece for `text`, unless it is empty.
fn piece(kind: impl FnOnce(String) -> Piece, text: &str) -> Vec<Piece> {
    if text.is_empty() { Vec::new() } else { vec![kind(text.to_owned())] }
}
