//! `OpenAI`'s Responses API, streaming (`POST /v1/responses`).
//!
//! Nothing is stored at the provider: each request carries all that was said, with the model's reasoning as
//! encrypted keepsakes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard_sidecar::wire::WireUsage;

use super::{Answer, Event, Piece, Question, StreamError, StreamReader, count, parse, piece, text};
use crate::coder::conversation::{Call, Entry, Reply};
use crate::coder::tools::Tool;

/// An answer has a handful of items; more is no answer.
const ITEMS_MAX: usize = 1_024;

/// The request that asks `question`.
pub(super) fn body(question: &Question<'_>) -> Value {
    json!({
        "model": question.model,
        "instructions": question.instructions,
        "input": question.conversation.entries().iter().flat_map(items).collect::<Vec<_>>(),
        "tools": question.tools.iter().copied().map(tool).collect::<Vec<_>>(),
        "max_output_tokens": question.output_tokens_max,
        "stream": true,
        "store": false,
        "include": ["reasoning.encrypted_content"],
    })
}

fn tool(tool: Tool) -> Value {
    // Not strict: that would forbid optional fields.
    json!({
        "type": "function", "name": tool.name(), "description": tool.description(),
        "parameters": tool.schema(), "strict": false,
    })
}

fn items(entry: &Entry) -> Vec<Value> {
    match entry {
        Entry::Prompt(text) => {
            vec![json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})]
        }
        Entry::Reply(reply) => reply_items(reply),
        Entry::Results(results) => {
            let items = results
                .iter()
                .map(|result| json!({"type": "function_call_output", "call_id": result.id, "output": result.text}));
            items.collect()
        }
    }
}

fn reply_items(reply: &Reply) -> Vec<Value> {
    let said =
        json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": reply.text}]});
    let said = (!reply.text.trim().is_empty()).then_some(said);
    let calls = reply.calls.iter().map(|call| {
        let arguments = Value::Object(call.sound_input()).to_string();
        json!({"type": "function_call", "call_id": call.id, "name": call.tool, "arguments": arguments})
    });
    reply.keepsakes.iter().cloned().chain(said).chain(calls).collect()
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    text: String,
    thinking: String,
    keepsakes: Vec<Value>,
    /// By place in the output.
    calls: BTreeMap<u64, Call>,
    usage: Option<WireUsage>,
    is_cut_short: bool,
    is_finished: bool,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &Event) -> Result<Vec<Piece>, StreamError> {
        // Of the other format of the same maker; some endpoints end every stream with it.
        if event.data == "[DONE]" {
            return Ok(Vec::new());
        }
        let data = parse(event)?;
        let index = count(&data["output_index"]);
        let delta = text(&data["delta"]);
        match text(&data["type"]) {
            "response.output_text.delta" | "response.refusal.delta" => {
                self.text.push_str(delta);
                return Ok(piece(Piece::Text, delta));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.thinking.push_str(delta);
                return Ok(piece(Piece::Thinking, delta));
            }
            "response.output_item.added" => self.begin(index, &data["item"])?,
            "response.function_call_arguments.delta" => {
                let call = self.calls.get_mut(&index).ok_or_else(|| StreamError::malformed(&event.data))?;
                call.arguments.push_str(delta);
            }
            "response.output_item.done" => return self.end(index, &data["item"]),
            "response.completed" | "response.incomplete" => self.finish(&data["response"]),
            "response.failed" => {
                let error = &data["response"]["error"];
                return Err(StreamError::failed(text(&error["code"]), text(&error["message"])));
            }
            "error" => {
                let error = if data["error"].is_object() { &data["error"] } else { &data };
                return Err(StreamError::failed(text(&error["code"]), text(&error["message"])));
            }
            // Beginnings and ends of parts, and what comes to be added.
            _ => {}
        }
        Ok(Vec::new())
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn into_answer(self: Box<Self>) -> Answer {
        let calls = self.calls.into_values().collect();
        Answer {
            reply: Reply { text: self.text, keepsakes: self.keepsakes, calls },
            thinking: self.thinking,
            usage: self.usage,
            is_cut_short: self.is_cut_short,
        }
    }
}

impl Reader {
    fn begin(&mut self, index: u64, item: &Value) -> Result<(), StreamError> {
        if text(&item["type"]) == "function_call" {
            if self.calls.len() >= ITEMS_MAX {
                return Err(StreamError::malformed("too many function calls"));
            }
            self.calls.insert(index, call(item));
        }
        Ok(())
    }

    /// An item is repeated in whole at its end; that counts, should deltas have been left out.
    fn end(&mut self, index: u64, item: &Value) -> Result<Vec<Piece>, StreamError> {
        match text(&item["type"]) {
            "function_call" => {
                self.begin(index, item)?;
            }
            "reasoning" if item["encrypted_content"].is_string() && self.keepsakes.len() < ITEMS_MAX => {
                self.keepsakes.push(item.clone());
            }
            "message" if self.text.is_empty() => {
                let parts = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
                self.text = parts.iter().map(|part| text(&part["text"])).collect();
                return Ok(piece(Piece::Text, &self.text));
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn finish(&mut self, response: &Value) {
        let usage = &response["usage"];
        if usage.is_object() {
            let cached = count(&usage["input_tokens_details"]["cached_tokens"]);
            self.usage = Some(WireUsage {
                input_tokens: count(&usage["input_tokens"]).saturating_sub(cached),
                output_tokens: count(&usage["output_tokens"]),
                cache_read_tokens: cached,
                cache_write_tokens: 0,
            });
        }
        self.is_cut_short = text(&response["incomplete_details"]["reason"]) == "max_output_tokens";
        self.is_finished = true;
    }
}

fn call(item: &Value) -> Call {
    let field = |key: &str| text(&item[key]).to_owned();
    Call { id: field("call_id"), tool: field("name"), arguments: field("arguments") }
}
