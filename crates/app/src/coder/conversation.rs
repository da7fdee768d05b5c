//! What the model is shown: everything said so far, in no provider's words.
//!
//! Two things always hold, since every provider insists on them: each tool call has its result before anything
//! else is said, and no two prompts follow each other. [`Conversation::settle`] restores the first after a turn
//! was interrupted.

mod compaction;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Bytes that make a token, rounded down so that an estimate is rather too high: code and prose have 3.5 to 4.5.
const BYTES_PER_TOKEN: usize = 3;

/// The text of a result that was never reached.
const NOT_RUN: &str = "not run: the user interrupted the turn";

/// Everything said so far, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Conversation {
    entries: Vec<Entry>,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// By the user.
    Prompt(String),
    /// By the model.
    Reply(Reply),
    /// By the tools that the reply before called.
    Results(Vec<CallResult>),
}

/// What the model said in one go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Reply {
    /// For the user.
    pub(super) text: String,
    /// What the provider wants to be shown again, in its own format: signed or encrypted thoughts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) keepsakes: Vec<Value>,
    /// Tools it wants to use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) calls: Vec<Call>,
}

/// A tool call as the model made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    /// The provider's name for the call; empty when it has none.
    pub(super) id: String,
    /// The tool.
    pub(super) tool: String,
    /// What it is given: a JSON object, if the model made no mistake.
    pub(super) arguments: String,
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CallResult {
    /// The call.
    pub(super) id: String,
    /// What the model is told.
    pub(super) text: String,
    /// Whether it is told that the call failed.
    pub(super) is_error: bool,
}

impl Call {
    /// What the tool is given; `None` when the model wrote something else than a JSON object.
    pub(super) fn input(&self) -> Option<Map<String, Value>> {
        if self.arguments.trim().is_empty() {
            return Some(Map::new());
        }
        serde_json::from_str(&self.arguments).ok()
    }

    /// The same for an endpoint, which may refuse what the model itself wrote.
    pub(super) fn sound_input(&self) -> Map<String, Value> {
        self.input().unwrap_or_default()
    }
}

impl Conversation {
    /// Everything said so far, oldest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The user says `text`. After an unanswered prompt it goes on with that one.
    pub(super) fn prompt(&mut self, text: &str) {
        self.settle();
        match self.entries.last_mut() {
            Some(Entry::Prompt(unanswered)) => {
                unanswered.push_str("\n\n");
                unanswered.push_str(text);
            }
            _ => self.entries.push(Entry::Prompt(text.to_owned())),
        }
    }

    /// The model says `reply`; an empty one is not kept, since no provider takes it back.
    pub(super) fn reply(&mut self, reply: Reply) {
        if !reply.text.trim().is_empty() || !reply.calls.is_empty() {
            self.entries.push(Entry::Reply(reply));
        }
    }

    /// A tool answers. Its call is in the last reply.
    pub(super) fn result(&mut self, result: CallResult) {
        match self.entries.last_mut() {
            Some(Entry::Results(results)) => results.push(result),
            _ => self.entries.push(Entry::Results(vec![result])),
        }
    }

    /// Answers the calls that an interrupted turn has left open.
    pub(super) fn settle(&mut self) {
        let (calls, results) = match self.entries.as_slice() {
            [.., Entry::Reply(reply), Entry::Results(results)] => (&reply.calls, results.as_slice()),
            [.., Entry::Reply(reply)] => (&reply.calls, &[][..]),
            _ => return,
        };
        let is_open = |call: &&Call| !results.iter().any(|result| result.id == call.id);
        let open: Vec<String> = calls.iter().filter(is_open).map(|call| call.id.clone()).collect();
        for id in open {
            self.result(CallResult { id, text: NOT_RUN.to_owned(), is_error: true });
        }
    }

    /// About how many tokens it takes to show all of it to a model.
    pub(super) fn tokens(&self) -> u64 {
        self.entries.iter().map(Entry::tokens).sum()
    }
}

impl Entry {
    fn tokens(&self) -> u64 {
        let bytes = match self {
            Self::Prompt(text) => text.len(),
            Self::Reply(reply) => {
                let calls = reply.calls.iter().map(|call| call.tool.len() + call.arguments.len());
                let keepsakes = reply.keepsakes.iter().map(|keepsake| keepsake.to_string().len());
                reply.text.len() + calls.chain(keepsakes).sum::<usize>()
            }
            Self::Results(results) => results.iter().map(|result| result.text.len()).sum(),
        };
        tokens(bytes)
    }
}

/// About how many tokens this many bytes of text are.
pub(super) fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

#[cfg(test)]
mod tests;
