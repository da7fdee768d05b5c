//! What the API formats have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::script::{Answer, Asked};

/// Text that agents put around a prompt in tags of these names; no person wrote it.
const WRAPPERS: [&str; 3] = ["system-reminder", "environment_context", "session_context"];

/// What every message of every format says it has taken.
pub(crate) const INPUT_TOKENS: u64 = 100;
/// As above.
pub(crate) const OUTPUT_TOKENS: u64 = 20;

/// One way to speak with a model.
pub(crate) trait Format: Send + Sync {
    /// What `body` asks for.
    fn asked(&self, body: &Value) -> Asked;

    /// The answer to `body` in one piece.
    fn whole(&self, answer: &Answer, body: &Value) -> Value;

    /// The answer to `body` as a stream of events.
    fn stream(&self, answer: &Answer, body: &Value) -> Vec<Piece>;

    /// What a failed request is answered with.
    fn failure(&self) -> Value;
}

/// One event of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Piece {
    /// The event's name, in formats that name them.
    pub(crate) name: Option<String>,
    pub(crate) data: String,
    /// How long after the one before it comes.
    pub(crate) delay: Duration,
}

impl Piece {
    /// An event without a name.
    pub(crate) fn plain(data: &Value) -> Self {
        Self { name: None, data: data.to_string(), delay: Duration::ZERO }
    }

    /// An event that is named after its type.
    pub(crate) fn typed(data: &Value) -> Self {
        Self { name: data["type"].as_str().map(str::to_owned), ..Self::plain(data) }
    }

    /// The same, `delay` after the one before it.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// An id that no other answer has, of this server or an earlier one: agents keep them in resumed conversations.
pub(crate) fn fresh_id(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!(
        "{prefix}_{:016x}{:04x}",
        since_1970.as_nanos() & u128::from(u64::MAX),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// The texts in `content`, which is one, or blocks that have some.
pub(crate) fn texts(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = blocks.iter().filter_map(|block| block.as_str().or_else(|| block["text"].as_str()));
    texts.collect::<Vec<_>>().join(" ")
}

/// `text` as a person wrote it, as far as one did.
pub(crate) fn own_words(text: &str) -> String {
    let mut text = text.to_owned();
    for wrapper in WRAPPERS {
        let (begin, end) = (format!("<{wrapper}>"), format!("</{wrapper}>"));
        while let Some(from) = text.find(&begin) {
            let to = text[from..].find(&end).map_or(text.len(), |place| from + place + end.len());
            text.replace_range(from..to, "");
        }
    }
    text.trim().to_owned()
}

/// The names in `tools`, found by `name`.
pub(crate) fn names<'a>(tools: &'a Value, name: impl Fn(&'a Value) -> Option<&'a str>) -> Vec<String> {
    tools.as_array().into_iter().flatten().filter_map(name).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_agent_added_is_no_prompt() {
        let text = "<system-reminder>TOOL</system-reminder>\nhello <environment_context>FAIL";
        assert_eq!(own_words(text), "hello");
    }

    #[test]
    fn ids_differ() {
        assert_ne!(fresh_id("a"), fresh_id("a"));
    }
}
