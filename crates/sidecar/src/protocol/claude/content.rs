//! What the model says: content blocks, tool results and token counts.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_domain::{MessageBody, Role, ToolCall, ToolCallId, ToolResult, Usage};

/// Tool calls whose names are kept for their results. More than ever run at once; past it a result comes
/// without the name of its tool and is found by its id alone.
const RUNNING_MAX: usize = 1024;

/// The model's name on messages that Claude Code wrote itself.
const SYNTHETIC_MODEL: &str = "<synthetic>";

/// The message in an `assistant` line; `None` when nothing in it is for people, `Err` when it is no message.
pub(super) fn message(message: &Value) -> Result<Option<MessageBody>, &'static str> {
    let blocks = message["content"].as_array().ok_or("an assistant line without content")?;
    let is_synthetic = message["model"] == SYNTHETIC_MODEL;
    let mut body = MessageBody::text(if is_synthetic { Role::System } else { Role::Assistant }, "");
    for block in blocks {
        take_block(block, &mut body);
    }
    let says_something = !body.content.is_empty() || body.thinking.is_some() || !body.tool_calls.is_empty();
    Ok(says_something.then_some(body))
}

fn take_block(block: &Value, body: &mut MessageBody) {
    if let (Some("text"), Some(text)) = (block["type"].as_str(), block["text"].as_str()) {
        body.content.push_str(text);
    } else if let (Some("thinking"), Some(text)) = (block["type"].as_str(), block["thinking"].as_str()) {
        if !text.is_empty() {
            body.thinking.get_or_insert_default().push_str(text);
        }
    } else if let (Some("tool_use" | "server_tool_use" | "mcp_tool_use"), Some(name)) =
        (block["type"].as_str(), block["name"].as_str())
    {
        let id = block["id"].as_str().map(ToolCallId::new);
        body.tool_calls.push(ToolCall {
            id,
            name: name.to_owned(),
            input: block["input"].clone(),
            output: None,
            is_error: false,
        });
    }
}

/// The names of the tools that run, since a result only names its call.
#[derive(Debug, Default)]
pub(super) struct RunningTools(BTreeMap<ToolCallId, String>);

impl RunningTools {
    /// Remembers the calls of `message`.
    pub(super) fn begin(&mut self, message: &MessageBody) {
        for call in &message.tool_calls {
            if let Some(id) = &call.id
                && self.0.len() < RUNNING_MAX
            {
                self.0.insert(id.clone(), call.name.clone());
            }
        }
    }

    /// The results among the blocks of a `user` line.
    pub(super) fn finish(&mut self, content: &Value) -> Vec<ToolResult> {
        let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
        let results = blocks.iter().filter(|block| block["type"] == "tool_result");
        results
            .map(|block| {
                let id = block["tool_use_id"].as_str().map(ToolCallId::new);
                let name = id.as_ref().and_then(|id| self.0.remove(id)).unwrap_or_default();
                ToolResult { id, name, output: plain(&block["content"]), is_error: block["is_error"] == true }
            })
            .collect()
    }

    /// The turn is over.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Text blocks as one text, anything else as it came.
fn plain(content: &Value) -> Value {
    let texts = content.as_array().map(|blocks| blocks.iter().map(|block| block["text"].as_str()));
    match texts.and_then(Iterator::collect::<Option<Vec<_>>>) {
        Some(texts) => Value::String(texts.join("\n")),
        None => content.clone(),
    }
}

/// The token counts in `usage`, which has Anthropic's names; zero where there are none.
pub(super) fn usage(usage: &Value) -> Usage {
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    Usage {
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cache_read_tokens: count("cache_read_input_tokens"),
        cache_write_tokens: count("cache_creation_input_tokens"),
    }
}

/// The tokens of the model's message that is being streamed, and of the turn.
///
/// A message says what it read when it starts and what it wrote when it ends; the turn's result says the sum
/// of all messages. What a result counts beyond them belongs to the turn all the same.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    message: Usage,
    turn: Usage,
}

impl Tokens {
    /// A message starts with these counts.
    pub(super) const fn message_started(&mut self, counts: Usage) {
        self.message = counts;
    }

    /// The message ends with these, where it gives them again; returns what the whole message took.
    pub(super) fn message_ended(&mut self, counts: Usage) -> Usage {
        let started = std::mem::take(&mut self.message);
        let whole = combine(started, counts, u64::max);
        self.turn = self.turn + whole;
        whole
    }

    /// The turn ends, having taken these in all; returns what no message has been charged with.
    pub(super) fn turn_ended(&mut self, counts: Usage) -> Usage {
        let Self { turn, .. } = std::mem::take(self);
        combine(counts, turn, u64::saturating_sub)
    }
}

fn combine(a: Usage, b: Usage, with: impl Fn(u64, u64) -> u64) -> Usage {
    Usage {
        input_tokens: with(a.input_tokens, b.input_tokens),
        output_tokens: with(a.output_tokens, b.output_tokens),
        cache_read_tokens: with(a.cache_read_tokens, b.cache_read_tokens),
        cache_write_tokens: with(a.cache_write_tokens, b.cache_write_tokens),
    }
}
