//! Anthropic's Messages API, streaming (`POST /v1/messages`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard_sidecar::wire::WireUsage;

use super::{Answer, Event, Piece, Question, StreamError, StreamReader, count, parse, piece, text};
use crate::coder::conversation::{Call, Entry, Reply};
use crate::coder::tools::Tool;

/// The version of the format.
pub(super) const VERSION: &str = "2023-06-01";

/// An answer has a handful of blocks; more is no answer.
const BLOCKS_MAX: usize = 1_024;

/// The request that asks `question`. What is the same in the next request is marked for the provider's cache.
pub(super) fn body(question: &Question<'_>) -> Value {
    let mut messages: Vec<Value> = question.conversation.entries().iter().map(message).collect();
    if let Some(block) = messages.last_mut().and_then(|message| message["content"].as_array_mut()?.last_mut()) {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
    json!({
        "model": question.model,
        "max_tokens": question.output_tokens_max,
        "stream": true,
        "system": [{"type": "text", "text": question.instructions, "cache_control": {"type": "ephemeral"}}],
        "tools": question.tools.iter().copied().map(tool).collect::<Vec<_>>(),
        "messages": messages,
    })
}

fn tool(tool: Tool) -> Value {
    json!({"name": tool.name(), "description": tool.description(), "input_schema": tool.schema()})
}

fn message(entry: &Entry) -> Value {
    match entry {
        Entry::Prompt(text) => json!({"role": "user", "content": [{"type": "text", "text": text}]}),
        Entry::Reply(reply) => json!({"role": "assistant", "content": reply_blocks(reply)}),
        Entry::Results(results) => {
            let blocks = results.iter().map(|result| {
                json!({"type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.is_error})
            });
            json!({"role": "user", "content": blocks.collect::<Vec<_>>()})
        }
    }
}

fn reply_blocks(reply: &Reply) -> Vec<Value> {
    let text = (!reply.text.trim().is_empty()).then(|| json!({"type": "text", "text": reply.text}));
    let calls = reply
        .calls
        .iter()
        .map(|call| json!({"type": "tool_use", "id": call.id, "name": call.tool, "input": call.sound_input()}));
    reply.keepsakes.iter().cloned().chain(text).chain(calls).collect()
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    blocks: BTreeMap<u64, Block>,
    usage: Option<WireUsage>,
    is_cut_short: bool,
    is_finished: bool,
}

#[derive(Debug)]
enum Block {
    Text(String),
    /// Goes back as it came, with the signature without which it is refused.
    Thinking {
        thinking: String,
        signature: String,
    },
    /// Encrypted thoughts.
    Sealed(Value),
    Call(Call),
    /// Of a kind that came later than this program.
    Unknown,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &Event) -> Result<Vec<Piece>, StreamError> {
        let data = parse(event)?;
        match text(&data["type"]) {
            "message_start" => self.add_usage(&data["message"]["usage"]),
            "content_block_start" => return self.begin(count(&data["index"]), &data["content_block"]),
            "content_block_delta" => return self.extend(count(&data["index"]), &data["delta"], event),
            "message_delta" => {
                self.add_usage(&data["usage"]);
                self.is_cut_short |= text(&data["delta"]["stop_reason"]) == "max_tokens";
            }
            "message_stop" => self.is_finished = true,
            "error" => return Err(StreamError::failed(text(&data["error"]["type"]), text(&data["error"]["message"]))),
            // Pings, ends of blocks, and what comes to be added.
            _ => {}
        }
        Ok(Vec::new())
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn into_answer(self: Box<Self>) -> Answer {
        let mut answer = Answer { usage: self.usage, is_cut_short: self.is_cut_short, ..Answer::default() };
        for block in self.blocks.into_values() {
            match block {
                Block::Text(text) => answer.reply.text.push_str(&text),
                Block::Thinking { thinking, signature } => {
                    answer.thinking.push_str(&thinking);
                    if !signature.is_empty() {
                        let block = json!({"type": "thinking", "thinking": thinking, "signature": signature});
                        answer.reply.keepsakes.push(block);
                    }
                }
                Block::Sealed(block) => answer.reply.keepsakes.push(block),
                Block::Call(call) => answer.reply.calls.push(call),
                Block::Unknown => {}
            }
        }
        answer
    }
}

impl Reader {
    /// Counts come in parts, each with all that is known so far.
    fn add_usage(&mut self, usage: &Value) {
        if !usage.is_object() {
            return;
        }
        let known = self.usage.get_or_insert_default();
        let newest = |key: &str, old: u64| usage[key].as_u64().unwrap_or(old);
        *known = WireUsage {
            input_tokens: newest("input_tokens", known.input_tokens),
            output_tokens: newest("output_tokens", known.output_tokens),
            cache_read_tokens: newest("cache_read_input_tokens", known.cache_read_tokens),
            cache_write_tokens: newest("cache_creation_input_tokens", known.cache_write_tokens),
        };
    }

    fn begin(&mut self, index: u64, block: &Value) -> Result<Vec<Piece>, StreamError> {
        if self.blocks.len() >= BLOCKS_MAX {
            return Err(StreamError::malformed("too many content blocks"));
        }
        let (begun, pieces) = match text(&block["type"]) {
            "text" => (Block::Text(text(&block["text"]).to_owned()), piece(Piece::Text, text(&block["text"]))),
            "thinking" => {
                let thinking = text(&block["thinking"]);
                let signature = text(&block["signature"]).to_owned();
                (Block::Thinking { thinking: thinking.to_owned(), signature }, piece(Piece::Thinking, thinking))
            }
            "redacted_thinking" => (Block::Sealed(block.clone()), Vec::new()),
            "tool_use" => (Block::Call(call(block)), Vec::new()),
            _ => (Block::Unknown, Vec::new()),
        };
        self.blocks.insert(index, begun);
        Ok(pieces)
    }

    fn extend(&mut self, index: u64, delta: &Value, event: &Event) -> Result<Vec<Piece>, StreamError> {
        let block = self.blocks.get_mut(&index).ok_or_else(|| StreamError::malformed(&event.data))?;
        match (block, text(&delta["type"])) {
            (Block::Text(so_far), "text_delta") => {
                so_far.push_str(text(&delta["text"]));
                return Ok(piece(Piece::Text, text(&delta["text"])));
            }
            (Block::Thinking { thinking, .. }, "thinking_delta") => {
                thinking.push_str(text(&delta["thinking"]));
                return Ok(piece(Piece::Thinking, text(&delta["thinking"])));
            }
            (Block::Thinking { signature, .. }, "signature_delta") => signature.push_str(text(&delta["signature"])),
            (Block::Call(call), "input_json_delta") => call.arguments.push_str(text(&delta["partial_json"])),
            _ => {}
        }
        Ok(Vec::new())
    }
}

/// A call as it begins. Some endpoints give all of its input at once.
fn call(block: &Value) -> Call {
    let input = &block["input"];
    let is_given = input.as_object().is_some_and(|fields| !fields.is_empty());
    let arguments = if is_given { input.to_string() } else { String::new() };
    Call { id: text(&block["id"]).to_owned(), tool: text(&block["name"]).to_owned(), arguments }
}
