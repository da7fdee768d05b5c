//! `OpenAI`'s Chat Completions API, streaming (`POST /v1/chat/completions`), as Ollama, llama.cpp, vLLM and most
//! gateways speak it, each a little differently.

use serde_json::{Value, json};
use switchboard_sidecar::wire::WireUsage;

use super::{Answer, Event, Piece, Question, StreamError, StreamReader, count, parse, text};
use crate::coder::conversation::{Call, Entry, Reply};
use crate::coder::tools::Tool;

/// An answer has a handful of calls; more is no answer.
const CALLS_MAX: usize = 1_024;

/// The request that asks `question`.
///
/// The limit on what the model may write stays out: the field has two names, and some endpoints refuse the one
/// and some the other.
pub(super) fn body(question: &Question<'_>) -> Value {
    let system = json!({"role": "system", "content": question.instructions});
    let messages = [system].into_iter().chain(question.conversation.entries().iter().flat_map(messages));
    json!({
        "model": question.model,
        "messages": messages.collect::<Vec<_>>(),
        "tools": question.tools.iter().copied().map(tool).collect::<Vec<_>>(),
        "stream": true,
        "stream_options": {"include_usage": true},
    })
}

fn tool(tool: Tool) -> Value {
    let function = json!({"name": tool.name(), "description": tool.description(), "parameters": tool.schema()});
    json!({"type": "function", "function": function})
}

fn messages(entry: &Entry) -> Vec<Value> {
    match entry {
        Entry::Prompt(text) => vec![json!({"role": "user", "content": text})],
        Entry::Reply(reply) => vec![assistant(reply)],
        Entry::Results(results) => {
            let tool = |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
            results.iter().map(|result| tool(&result.id, &result.text)).collect()
        }
    }
}

fn assistant(reply: &Reply) -> Value {
    let mut message = json!({"role": "assistant", "content": reply.text});
    if !reply.calls.is_empty() {
        let calls = reply.calls.iter().map(|call| {
            let arguments = Value::Object(call.sound_input()).to_string();
            json!({"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": arguments}})
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

/// Reads an answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    answer: Answer,
    /// The place that the endpoint gave each call, in order of appearance.
    places: Vec<u64>,
    has_stopped: bool,
    is_finished: bool,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &Event) -> Result<Vec<Piece>, StreamError> {
        if event.data == "[DONE]" {
            // Without a reason to stop it is a gateway that says goodbye to a model that has died.
            self.is_finished = self.has_stopped;
            return if self.has_stopped { Ok(Vec::new()) } else { Err(StreamError::Cut) };
        }
        let data = parse(event)?;
        if !data["error"].is_null() {
            return Err(failure(&data["error"]));
        }
        self.read_usage(&data["usage"]);
        let choice = &data["choices"][0];
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.has_stopped = true;
            self.answer.is_cut_short = reason == "length";
        }
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            self.extend_call(call)?;
        }
        Ok(self.extend_words(&choice["delta"]))
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Not everybody says goodbye.
    fn may_end(&self) -> bool {
        self.has_stopped
    }

    fn into_answer(self: Box<Self>) -> Answer {
        self.answer
    }
}

impl Reader {
    fn extend_words(&mut self, delta: &Value) -> Vec<Piece> {
        let thought =
            ["reasoning_content", "reasoning"].iter().find_map(|key| delta[*key].as_str()).unwrap_or_default();
        let said = text(&delta["content"]);
        self.answer.thinking.push_str(thought);
        self.answer.reply.text.push_str(said);
        let thought = (!thought.is_empty()).then(|| Piece::Thinking(thought.to_owned()));
        let said = (!said.is_empty()).then(|| Piece::Text(said.to_owned()));
        thought.into_iter().chain(said).collect()
    }

    fn extend_call(&mut self, delta: &Value) -> Result<(), StreamError> {
        let (place, id) = (count(&delta["index"]), text(&delta["id"]));
        let function = &delta["function"];
        let calls = &mut self.answer.reply.calls;
        // Some servers give every call the same place; another name is another call.
        let known = self.places.iter().rposition(|known| *known == place);
        let known = known.filter(|&at| id.is_empty() || calls[at].id.is_empty() || calls[at].id == id);
        let at = known.unwrap_or(calls.len());
        if at == calls.len() {
            if at >= CALLS_MAX {
                return Err(StreamError::malformed("too many tool calls"));
            }
            self.places.push(place);
            calls.push(Call::default());
        }
        let call = &mut calls[at];
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        if call.tool.is_empty() {
            text(&function["name"]).clone_into(&mut call.tool);
        }
        match &function["arguments"] {
            Value::String(piece) => call.arguments.push_str(piece),
            whole @ Value::Object(_) => call.arguments = whole.to_string(),
            _ => {}
        }
        Ok(())
    }

    fn read_usage(&mut self, usage: &Value) {
        if usage.is_object() {
            let cached = count(&usage["prompt_tokens_details"]["cached_tokens"]);
            self.answer.usage = Some(WireUsage {
                input_tokens: count(&usage["prompt_tokens"]).saturating_sub(cached),
                output_tokens: count(&usage["completion_tokens"]),
                cache_read_tokens: cached,
                cache_write_tokens: 0,
            });
        }
    }
}

fn failure(error: &Value) -> StreamError {
    let kind = ["type", "code"].iter().find_map(|key| error[*key].as_str()).unwrap_or_default();
    StreamError::failed(kind, error.as_str().unwrap_or_else(|| text(&error["message"])))
}
