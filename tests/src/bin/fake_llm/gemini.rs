//! Gemini's API.

use serde_json::{Value, json};

use crate::format::{Format, INPUT_TOKENS, OUTPUT_TOKENS, Piece, fresh_id, own_words, texts};
use crate::script::{Answer, Asked, FAILURE, THOUGHT};

/// The format.
pub(crate) struct Gemini;

impl Format for Gemini {
    fn asked(&self, body: &Value) -> Asked {
        let groups = body["tools"].as_array().into_iter().flatten();
        let tools = groups.filter_map(|group| group["functionDeclarations"].as_array()).flatten();
        let tools = tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect();
        let mut asked = Asked { tools, ..Asked::default() };
        for turn in body["contents"].as_array().into_iter().flatten().rev() {
            if turn["role"] == "model" {
                continue;
            }
            let parts = turn["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
            if parts.iter().any(|part| !part["functionResponse"].is_null()) {
                asked.after_tool = true;
                continue;
            }
            asked.prompt = own_words(&texts(&turn["parts"]));
            if !asked.prompt.is_empty() {
                break;
            }
        }
        asked
    }

    fn whole(&self, answer: &Answer, body: &Value) -> Value {
        let config = &body["generationConfig"];
        let wants_json = config["responseMimeType"] == "application/json" || !config["responseJsonSchema"].is_null();
        // Gemini CLI asks a small model about each prompt; this fits all such questions.
        let text = if wants_json { opinion().to_string() } else { answer.text() };
        turn(&json!([{"text": text}]), Some("STOP"))
    }

    fn stream(&self, answer: &Answer, _body: &Value) -> Vec<Piece> {
        let part = |part: Value| Piece::plain(&turn(&json!([part]), None));
        let thought =
            answer.thinks.then(|| part(json!({"text": format!("**Thinking** {}", THOUGHT.concat()), "thought": true})));
        let words = answer.words.iter().map(|word| part(json!({"text": word})).after(answer.pace));
        let call = answer.call.as_ref();
        let call = call.map(|call| json!({"id": fresh_id("fc"), "name": call.name, "args": call.input}));
        let call = call.map(|call| part(json!({"functionCall": call})));
        let end = Piece::plain(&turn(&json!([{"text": ""}]), Some("STOP")));
        thought.into_iter().chain(words).chain(call).chain([end]).collect()
    }

    fn failure(&self) -> Value {
        json!({"error": {"code": 400, "message": FAILURE, "status": "INVALID_ARGUMENT"}})
    }
}

fn turn(parts: &Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    let usage = json!({"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": OUTPUT_TOKENS,
        "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS});
    json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake"})
}

fn opinion() -> Value {
    json!({"reasoning": "fake", "model_choice": "flash", "next_speaker": "user", "complexity_reasoning": "fake",
        "complexity_score": 1})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_words_of_a_person_count() {
        let body = json!({"tools": [{"functionDeclarations": [{"name": "run_shell_command"}]}], "contents": [
            {"role": "user", "parts": [{"text": "TOOL"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "run_shell_command"}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "run_shell_command"}}]},
        ]});
        let tools = vec!["run_shell_command".into()];
        assert_eq!(Gemini.asked(&body), Asked { prompt: "TOOL".into(), after_tool: true, tools });
    }
}
