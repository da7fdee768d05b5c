//! Anthropic's Messages.

use serde_json::{Value, json};

use crate::format::{Format, INPUT_TOKENS, OUTPUT_TOKENS, Piece, fresh_id, names, own_words};
use crate::script::{Answer, Asked, FAILURE, THOUGHT};

/// What Claude Code writes in a person's place after an interruption.
const INTERRUPTED: &str = "[Request interrupted";

/// Arguments of a call come in pieces of this size.
const ARGUMENT_CHARS: usize = 25;

/// The format.
pub(crate) struct Anthropic;

impl Format for Anthropic {
    fn asked(&self, body: &Value) -> Asked {
        let tools = names(&body["tools"], |tool| tool["name"].as_str());
        let mut asked = Asked { tools, ..Asked::default() };
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let blocks = messages.iter().filter(|message| message["role"] == "user").flat_map(blocks);
        for block in blocks.collect::<Vec<_>>().into_iter().rev() {
            if block["type"] == "tool_result" {
                asked.after_tool = true;
                continue;
            }
            let words = own_words(block["text"].as_str().unwrap_or_default());
            if !words.is_empty() && !words.starts_with(INTERRUPTED) {
                asked.prompt = words;
                break;
            }
        }
        asked
    }

    fn whole(&self, answer: &Answer, body: &Value) -> Value {
        let mut message = message(body);
        message["content"] = Value::Array(content(answer));
        message["stop_reason"] = stop_reason(answer);
        message["usage"] = usage(OUTPUT_TOKENS);
        message
    }

    fn stream(&self, answer: &Answer, body: &Value) -> Vec<Piece> {
        let mut pieces = vec![Piece::typed(&json!({"type": "message_start", "message": message(body)}))];
        for (index, block) in content(answer).iter().enumerate() {
            pieces.extend(block_pieces(answer, index, block));
        }
        let delta = json!({"stop_reason": stop_reason(answer), "stop_sequence": null});
        let usage = json!({"output_tokens": OUTPUT_TOKENS});
        pieces.push(Piece::typed(&json!({"type": "message_delta", "delta": delta, "usage": usage})));
        pieces.push(Piece::typed(&json!({"type": "message_stop"})));
        pieces
    }

    fn failure(&self) -> Value {
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": FAILURE}})
    }
}

/// The blocks of a message; a text alone is one.
fn blocks(message: &Value) -> Vec<Value> {
    match &message["content"] {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    }
}

fn message(body: &Value) -> Value {
    json!({"id": fresh_id("msg"), "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1)})
}

fn usage(output_tokens: u64) -> Value {
    json!({"input_tokens": INPUT_TOKENS, "output_tokens": output_tokens, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0})
}

fn stop_reason(answer: &Answer) -> Value {
    json!(if answer.call.is_some() { "tool_use" } else { "end_turn" })
}

fn content(answer: &Answer) -> Vec<Value> {
    let thinking =
        answer.thinks.then(|| json!({"type": "thinking", "thinking": THOUGHT.concat(), "signature": "ZmFrZQ=="}));
    let text = json!({"type": "text", "text": answer.text()});
    let call = answer.call.as_ref();
    let call =
        call.map(|call| json!({"type": "tool_use", "id": fresh_id("toolu"), "name": call.name, "input": call.input}));
    thinking.into_iter().chain([text]).chain(call).collect()
}

fn block_pieces(answer: &Answer, index: usize, block: &Value) -> Vec<Piece> {
    let delta = |delta: Value| Piece::typed(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
    let (empty, deltas): (Value, Vec<Piece>) = match block["type"].as_str() {
        Some("thinking") => {
            let words = THOUGHT.map(|words| delta(json!({"type": "thinking_delta", "thinking": words})));
            let signature = delta(json!({"type": "signature_delta", "signature": block["signature"]}));
            (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                words.into_iter().chain([signature]).collect(),
            )
        }
        Some("text") => {
            let words = answer.words.iter().map(|word| delta(json!({"type": "text_delta", "text": word})));
            (json!({"type": "text", "text": ""}), words.map(|piece| piece.after(answer.pace)).collect())
        }
        _ => {
            let arguments: Vec<char> = block["input"].to_string().chars().collect();
            let parts = arguments.chunks(ARGUMENT_CHARS).map(|part| part.iter().collect::<String>());
            let parts = parts.map(|part| delta(json!({"type": "input_json_delta", "partial_json": part})));
            let (id, name) = (&block["id"], &block["name"]);
            (json!({"type": "tool_use", "id": id, "name": name, "input": {}}), parts.collect())
        }
    };
    let start = json!({"type": "content_block_start", "index": index, "content_block": empty});
    let stop = json!({"type": "content_block_stop", "index": index});
    [Piece::typed(&start)].into_iter().chain(deltas).chain([Piece::typed(&stop)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_words_of_a_person_count() {
        let body = json!({"tools": [{"name": "Bash"}], "messages": [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "yes"},
            {"role": "user", "content": [{"type": "text", "text": "<system-reminder>x</system-reminder>"}, {"type": "text", "text": "TOOL"}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]},
            {"role": "user", "content": [{"type": "text", "text": "[Request interrupted by user]"}]},
        ]});
        let asked = Anthropic.asked(&body);
        assert_eq!(asked, Asked { prompt: "TOOL".into(), after_tool: true, tools: vec!["Bash".into()] });
    }

    #[test]
    fn the_arguments_in_pieces_are_the_arguments() {
        let asked = Asked { prompt: "TOOL".into(), after_tool: false, tools: vec!["Bash".into()] };
        let answer = asked.answer().expect("an answer");
        let pieces = Anthropic.stream(&answer, &json!({}));
        let parts = pieces.iter().filter_map(|piece| {
            let data: Value = serde_json::from_str(&piece.data).expect("JSON");
            data["delta"]["partial_json"].as_str().map(str::to_owned)
        });
        let input: Value = serde_json::from_str(&parts.collect::<String>()).expect("JSON");
        assert_eq!(input, answer.call.expect("a call").input);
    }
}
