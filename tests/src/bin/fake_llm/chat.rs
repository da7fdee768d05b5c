//! The Chat Completions of `OpenAI` and many others.

use std::time::Duration;

use serde_json::{Value, json};

use crate::format::{Format, INPUT_TOKENS, OUTPUT_TOKENS, Piece, fresh_id, names, own_words, texts};
use crate::script::{Answer, Asked, FAILURE, THOUGHT};

/// The format.
pub(crate) struct Chat;

impl Format for Chat {
    fn asked(&self, body: &Value) -> Asked {
        let tools = names(&body["tools"], |tool| tool["function"]["name"].as_str());
        let mut asked = Asked { tools, ..Asked::default() };
        for message in body["messages"].as_array().into_iter().flatten().rev() {
            match message["role"].as_str() {
                Some("tool") => asked.after_tool = true,
                Some("user") => asked.prompt = own_words(&texts(&message["content"])),
                _ => {}
            }
            if !asked.prompt.is_empty() {
                break;
            }
        }
        asked
    }

    fn whole(&self, answer: &Answer, body: &Value) -> Value {
        let mut message = json!({"role": "assistant", "content": answer.text()});
        if let Some(call) = call(answer) {
            message["tool_calls"] = json!([call]);
        }
        let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason(answer)});
        json!({"id": fresh_id("chatcmpl"), "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [choice], "usage": usage()})
    }

    fn stream(&self, answer: &Answer, body: &Value) -> Vec<Piece> {
        let id = fresh_id("chatcmpl");
        let chunk = |choices: Value| json!({"id": id, "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": choices});
        let delta = |delta: Value, finish: Option<&str>| {
            Piece::plain(&chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}])))
        };
        let mut pieces = vec![delta(json!({"role": "assistant", "content": ""}), None)];
        if answer.thinks {
            pieces.extend(THOUGHT.map(|words| delta(json!({"reasoning_content": words}), None)));
        }
        let words = answer.words.iter().map(|word| delta(json!({"content": word}), None).after(answer.pace));
        pieces.extend(words);
        if let Some(mut call) = call(answer) {
            call["index"] = json!(0);
            pieces.push(delta(json!({"tool_calls": [call]}), None));
        }
        pieces.push(delta(json!({}), Some(finish_reason(answer))));
        let mut last = chunk(json!([]));
        last["usage"] = usage();
        pieces.push(Piece::plain(&last));
        pieces.push(Piece { name: None, data: "[DONE]".to_owned(), delay: Duration::ZERO });
        pieces
    }

    fn failure(&self) -> Value {
        json!({"error": {"message": FAILURE, "type": "invalid_request_error"}})
    }
}

fn usage() -> Value {
    json!({"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS})
}

const fn finish_reason(answer: &Answer) -> &'static str {
    if answer.call.is_some() { "tool_calls" } else { "stop" }
}

fn call(answer: &Answer) -> Option<Value> {
    let call = answer.call.as_ref()?;
    let function = json!({"name": call.name, "arguments": call.input.to_string()});
    Some(json!({"id": fresh_id("call"), "type": "function", "function": function}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_words_of_a_person_count() {
        let body = json!({"tools": [{"type": "function", "function": {"name": "bash"}}], "messages": [
            {"role": "user", "content": "first"},
            {"role": "user", "content": [{"type": "text", "text": "TOOL"}]},
            {"role": "assistant", "tool_calls": []},
            {"role": "tool", "content": "ok"},
        ]});
        assert_eq!(Chat.asked(&body), Asked { prompt: "TOOL".into(), after_tool: true, tools: vec!["bash".into()] });
    }
}
