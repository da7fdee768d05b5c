//! The Responses of `OpenAI`.

use serde_json::{Value, json};

use crate::format::{Format, INPUT_TOKENS, OUTPUT_TOKENS, Piece, fresh_id, names, own_words, texts};
use crate::script::{Answer, Asked, FAILURE, THOUGHT};

/// The format.
pub(crate) struct Responses;

impl Format for Responses {
    fn asked(&self, body: &Value) -> Asked {
        // Tools of the provider's own have a type and no name.
        let tools = names(&body["tools"], |tool| tool["name"].as_str().or_else(|| tool["type"].as_str()));
        let mut asked = Asked { tools, ..Asked::default() };
        if let Some(text) = body["input"].as_str() {
            asked.prompt = own_words(text);
        }
        for item in body["input"].as_array().into_iter().flatten().rev() {
            let kind = item["type"].as_str().unwrap_or("message");
            if kind.ends_with("_output") {
                asked.after_tool = true;
            } else if kind == "message" && item["role"] == "user" {
                asked.prompt = own_words(&texts(&item["content"]));
            }
            if !asked.prompt.is_empty() {
                break;
            }
        }
        asked
    }

    fn whole(&self, answer: &Answer, body: &Value) -> Value {
        let items: Vec<Value> = [thought(answer), Some(message(answer)), call(answer)].into_iter().flatten().collect();
        response(&fresh_id("resp"), body, "completed", &items)
    }

    fn stream(&self, answer: &Answer, body: &Value) -> Vec<Piece> {
        let mut stream = Stream { pieces: Vec::new(), items: Vec::new() };
        let id = fresh_id("resp");
        stream.event("response.created", json!({"response": response(&id, body, "in_progress", &[])}));
        if let Some(thought) = thought(answer) {
            stream.thought(thought);
        }
        stream.message(answer);
        if let Some(call) = call(answer) {
            stream.call(call);
        }
        let whole = response(&id, body, "completed", &stream.items);
        stream.event("response.completed", json!({"response": whole}));
        stream.pieces
    }

    fn failure(&self) -> Value {
        json!({"error": {"message": FAILURE, "type": "invalid_request_error"}})
    }
}

/// A stream that is being made: its events are numbered, and so are the items they are about.
struct Stream {
    pieces: Vec<Piece>,
    items: Vec<Value>,
}

impl Stream {
    fn event(&mut self, kind: &str, mut data: Value) {
        data["type"] = json!(kind);
        data["sequence_number"] = json!(self.pieces.len());
        self.pieces.push(Piece::typed(&data));
    }

    /// An event about the item under way.
    fn about(&mut self, item: &Value, kind: &str, mut data: Value) {
        data["item_id"] = item["id"].clone();
        data["output_index"] = json!(self.items.len());
        self.event(kind, data);
    }

    fn begin(&mut self, item: &Value) {
        self.event("response.output_item.added", json!({"output_index": self.items.len(), "item": item}));
    }

    fn end(&mut self, item: Value) {
        self.event("response.output_item.done", json!({"output_index": self.items.len(), "item": item}));
        self.items.push(item);
    }

    fn thought(&mut self, thought: Value) {
        let mut empty = thought.clone();
        empty["summary"] = json!([]);
        self.begin(&empty);
        let part = json!({"type": "summary_text", "text": ""});
        self.about(&thought, "response.reasoning_summary_part.added", json!({"summary_index": 0, "part": part}));
        for words in THOUGHT {
            let delta = json!({"summary_index": 0, "delta": words});
            self.about(&thought, "response.reasoning_summary_text.delta", delta);
        }
        let done = json!({"summary_index": 0, "text": THOUGHT.concat()});
        self.about(&thought, "response.reasoning_summary_text.done", done);
        self.end(thought);
    }

    fn message(&mut self, answer: &Answer) {
        let message = message(answer);
        let mut empty = message.clone();
        empty["content"] = json!([]);
        empty["status"] = json!("in_progress");
        self.begin(&empty);
        let part = json!({"type": "output_text", "text": "", "annotations": []});
        self.about(&message, "response.content_part.added", json!({"content_index": 0, "part": part}));
        for word in &answer.words {
            self.about(&message, "response.output_text.delta", json!({"content_index": 0, "delta": word}));
            if let Some(piece) = self.pieces.last_mut() {
                piece.delay = answer.pace;
            }
        }
        self.about(&message, "response.output_text.done", json!({"content_index": 0, "text": answer.text()}));
        self.end(message);
    }

    fn call(&mut self, call: Value) {
        let mut empty = call.clone();
        empty["arguments"] = json!("");
        self.begin(&empty);
        self.about(&call, "response.function_call_arguments.delta", json!({"delta": call["arguments"]}));
        self.about(&call, "response.function_call_arguments.done", json!({"arguments": call["arguments"]}));
        self.end(call);
    }
}

fn response(id: &str, body: &Value, status: &str, items: &[Value]) -> Value {
    let usage = (status == "completed").then(|| {
        json!({"input_tokens": INPUT_TOKENS, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": OUTPUT_TOKENS, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS})
    });
    json!({"id": id, "object": "response", "created_at": 1, "status": status, "model": body["model"],
        "output": items, "usage": usage})
}

fn thought(answer: &Answer) -> Option<Value> {
    let summary = json!([{"type": "summary_text", "text": THOUGHT.concat()}]);
    let thought =
        || json!({"type": "reasoning", "id": fresh_id("rs"), "summary": summary, "encrypted_content": "ZmFrZQ=="});
    answer.thinks.then(thought)
}

fn message(answer: &Answer) -> Value {
    let content = json!([{"type": "output_text", "text": answer.text(), "annotations": []}]);
    json!({"type": "message", "id": fresh_id("msg"), "role": "assistant", "status": "completed", "content": content})
}

fn call(answer: &Answer) -> Option<Value> {
    let call = answer.call.as_ref()?;
    Some(json!({"type": "function_call", "id": fresh_id("fc"), "call_id": fresh_id("call"), "name": call.name,
        "arguments": call.input.to_string(), "status": "completed"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_words_of_a_person_count() {
        let body = json!({"tools": [{"type": "function", "name": "shell"}, {"type": "web_search"}], "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "TOOL"}]},
            {"type": "function_call", "name": "shell"},
            {"type": "function_call_output", "output": "ok"},
        ]});
        let tools = vec!["shell".into(), "web_search".into()];
        assert_eq!(Responses.asked(&body), Asked { prompt: "TOOL".into(), after_tool: true, tools });
        assert_eq!(Responses.asked(&json!({"input": "hello"})).prompt, "hello");
    }
}
