//! As Claude Code speaks: stream-json.

use std::io::{self, BufRead};

use serde_json::{Value, json};

use super::{Dialect, End, KNOWN, Told, say};

/// Without these the real program speaks something else.
pub(super) const ARGUMENTS: [&str; 5] =
    ["-p", "stream-json", "--verbose", "--include-partial-messages", "--permission-prompt-tool"];

pub(super) struct Claude {
    requests: u32,
    turns: u32,
}

impl Claude {
    /// `None`, after saying why, when there is no conversation `resume`.
    pub(super) fn new(resume: Option<&str>) -> Option<Self> {
        if resume.is_none_or(|id| id == KNOWN) {
            return Some(Self { requests: 0, turns: 0 });
        }
        // The real program takes longer to find out than the prompt takes to come.
        io::stdin().lock().read_line(&mut String::new()).expect("a prompt");
        let error = format!("No conversation found with session ID: {}", resume.unwrap_or_default());
        say(&json!({"type": "result", "subtype": "error_during_execution", "is_error": true, "errors": [error]}));
        None
    }

    fn event(event: &Value) {
        say(&json!({"type": "stream_event", "event": event, "parent_tool_use_id": null}));
    }

    fn block(block: &Value) {
        let message = json!({"role": "assistant", "content": [block]});
        say(&json!({"type": "assistant", "message": message, "parent_tool_use_id": null}));
    }

    fn request_id(&self) -> String {
        format!("request-{}", self.requests)
    }
}

impl Dialect for Claude {
    fn hear(&mut self, line: &Value) -> Told {
        match line["type"].as_str() {
            Some("user") => Told::Prompt(line["message"]["content"].as_str().expect("a text").to_owned()),
            Some("control_request") if line["request"]["subtype"] == "initialize" => {
                let about = json!({"models": [{"value": "default"}], "account": {"apiKeySource": "a key"}});
                let response = json!({"subtype": "success", "request_id": line["request_id"], "response": about});
                say(&json!({"type": "control_response", "response": response}));
                Told::Nothing
            }
            Some("control_request") => {
                let response = json!({"subtype": "success", "request_id": line["request_id"], "response": {}});
                say(&json!({"type": "control_response", "response": response}));
                Told::Interrupt
            }
            Some("control_response") if line["response"]["request_id"] == self.request_id() => {
                let response = &line["response"]["response"];
                let allowed = response["behavior"] == "allow";
                assert!(!allowed || response["updatedInput"]["command"] == "ls", "the input comes back");
                Told::Answer { allowed }
            }
            _ => Told::Nothing,
        }
    }

    fn begin(&mut self) {
        self.turns += 1;
        say(&json!({"type": "system", "subtype": "init", "session_id": KNOWN}));
    }

    fn piece(&mut self, text: &str) {
        Self::event(&json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}));
    }

    fn message(&mut self, text: &str) {
        Self::block(&json!({"type": "text", "text": text}));
    }

    fn ask(&mut self) {
        self.requests += 1;
        let input = json!({"command": "ls"});
        Self::block(&json!({"type": "tool_use", "id": "tool", "name": "Bash", "input": input}));
        let request = json!({"subtype": "can_use_tool", "tool_name": "Bash", "input": input});
        say(&json!({"type": "control_request", "request_id": self.request_id(), "request": request}));
    }

    fn withdraw(&mut self) {
        say(&json!({"type": "control_cancel_request", "request_id": self.request_id()}));
    }

    fn tool_ended(&mut self, allowed: bool) {
        let content = if allowed { "a.txt" } else { "denied" };
        let result = json!({"type": "tool_result", "tool_use_id": "tool", "content": content, "is_error": !allowed});
        say(&json!({"type": "user", "message": {"role": "user", "content": [result]}}));
    }

    fn end(&mut self, end: End) {
        // An error of the model's service is called a success by the real program, too.
        let subtype = if end == End::Interrupted { "error_during_execution" } else { "success" };
        say(&json!({"type": "result", "subtype": subtype, "is_error": end != End::Well, "session_id": KNOWN,
            "result": "API Error: 500", "total_cost_usd": 0.5 * f64::from(self.turns),
            "usage": {"input_tokens": 10, "output_tokens": 2}}));
    }
}
