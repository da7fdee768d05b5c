//! What an endpoint answers, in each format.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::coder::wire::Api;

/// A whole answer: `text` in two pieces, for 100 tokens read and 20 written.
pub(super) fn words(api: Api, text: &str) -> ResponseTemplate {
    stream(&[said(api, text), end(api, "end")].concat())
}

/// A whole answer that calls a tool.
pub(super) fn call(api: Api, tool: &str, input: &Value) -> ResponseTemplate {
    let arguments = input.to_string();
    let events = match api {
        Api::Anthropic => vec![
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "call_a", "name": tool, "input": {}}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": arguments}}),
        ],
        Api::Responses => vec![json!({
            "type": "response.output_item.done", "output_index": 0,
            "item": {"type": "function_call", "call_id": "call_a", "name": tool, "arguments": arguments},
        })],
        Api::Chat => {
            let function = json!({"name": tool, "arguments": arguments});
            vec![json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "call_a", "function": function}]}}]})]
        }
    };
    stream(&[events, end(api, "tool_calls")].concat())
}

/// An answer whose connection ends after `text`.
pub(super) fn cut(api: Api, text: &str) -> ResponseTemplate {
    let said = if text.is_empty() { Vec::new() } else { said(api, text) };
    stream(&said)
}

/// Something that is in no format.
pub(super) fn garbage() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("data: <html>It works!</html>\n\n", "text/event-stream")
}

/// A line that does not end.
pub(super) fn flood() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(vec![b'x'; 20 << 20], "text/event-stream")
}

/// An endpoint that talks without end; its address.
pub(super) async fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it has one");
    let talk = async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let mut request = [0; 1_024];
        let _asked = stream.read(&mut request).await.expect("a request");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        stream.write_all(head.as_bytes()).await.expect("written");
        let piece = format!("data: {}\n\n", json!({"choices": [{"delta": {"content": "on and "}}]}));
        while stream.write_all(piece.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Ends with the test's runtime.
    let _talker = tokio::spawn(talk);
    format!("http://{address}")
}

fn said(api: Api, text: &str) -> Vec<Value> {
    let (first, second) = text.split_at(text.len() / 2);
    let piece = |text: &str| match api {
        Api::Anthropic => {
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
        }
        Api::Responses => json!({"type": "response.output_text.delta", "output_index": 0, "delta": text}),
        Api::Chat => json!({"choices": [{"delta": {"content": text}}]}),
    };
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let begin = (api == Api::Anthropic).then_some(block);
    begin.into_iter().chain([piece(first), piece(second)]).collect()
}

fn end(api: Api, reason: &str) -> Vec<Value> {
    match api {
        Api::Anthropic => vec![
            json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"input_tokens": 100, "output_tokens": 20}}),
            json!({"type": "message_stop"}),
        ],
        Api::Responses => {
            let usage = json!({"input_tokens": 100, "output_tokens": 20});
            vec![json!({"type": "response.completed", "response": {"usage": usage}})]
        }
        Api::Chat => {
            let usage = json!({"prompt_tokens": 100, "completion_tokens": 20});
            vec![json!({"choices": [{"delta": {}, "finish_reason": reason}]}), json!({"choices": [], "usage": usage})]
        }
    }
}

fn stream(events: &[Value]) -> ResponseTemplate {
    let lines: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    ResponseTemplate::new(200).set_body_raw(lines.concat(), "text/event-stream")
}
