//! As Codex speaks: its app-server.

use serde_json::{Value, json};

use super::{Dialect, End, KNOWN, Told, say};

#[derive(Default)]
pub(super) struct Codex {
    requests: u32,
    turns: u32,
}

impl Codex {
    fn tell(method: &str, params: &Value) {
        let mut params = params.clone();
        params["threadId"] = json!(KNOWN);
        say(&json!({"method": method, "params": params}));
    }

    fn turn(&self) -> String {
        format!("turn-{}", self.turns)
    }

    fn open(line: &Value) {
        let id = &line["id"];
        match line["params"]["threadId"].as_str() {
            Some(unknown) if unknown != KNOWN => {
                let message = format!("no rollout found for thread id {unknown}");
                say(&json!({"id": id, "error": {"code": -32600, "message": message}}));
            }
            _ => say(&json!({"id": id, "result": {"thread": {"id": KNOWN}}})),
        }
    }

    fn item(stage: &str, item: &Value) {
        Self::tell(stage, &json!({"item": item}));
    }
}

impl Dialect for Codex {
    fn hear(&mut self, line: &Value) -> Told {
        let id = &line["id"];
        match line["method"].as_str() {
            Some("initialize") => say(&json!({"id": id, "result": {"userAgent": "understudy"}})),
            Some("account/read") => {
                let account = json!({"account": {"type": "apiKey"}, "requiresOpenaiAuth": true});
                say(&json!({"id": id, "result": account}));
            }
            Some("model/list") => say(&json!({"id": id, "result": {"data": [{"model": "gpt"}]}})),
            Some("thread/start" | "thread/resume") => Self::open(line),
            Some("turn/start") => {
                self.turns += 1;
                say(&json!({"id": id, "result": {"turn": {"id": self.turn()}}}));
                return Told::Prompt(line["params"]["input"][0]["text"].as_str().expect("a text").to_owned());
            }
            Some("turn/interrupt") => {
                assert_eq!(line["params"]["turnId"], self.turn(), "the turn under way");
                say(&json!({"id": id, "result": {}}));
                return Told::Interrupt;
            }
            None if *id == self.requests => return Told::Answer { allowed: line["result"]["decision"] == "accept" },
            _ => {}
        }
        Told::Nothing
    }

    fn begin(&mut self) {
        Self::tell("turn/started", &json!({"turn": {"id": self.turn()}}));
    }

    fn piece(&mut self, text: &str) {
        Self::tell("item/agentMessage/delta", &json!({"delta": text}));
    }

    fn message(&mut self, text: &str) {
        Self::item("item/completed", &json!({"type": "agentMessage", "id": "message", "text": text}));
    }

    fn ask(&mut self) {
        self.requests += 1;
        Self::item("item/started", &json!({"type": "commandExecution", "id": "tool", "command": "ls"}));
        let params = json!({"threadId": KNOWN, "itemId": "tool", "command": "ls"});
        say(&json!({"id": self.requests, "method": "item/commandExecution/requestApproval", "params": params}));
    }

    fn withdraw(&mut self) {
        Self::tell("serverRequest/resolved", &json!({"requestId": self.requests}));
    }

    fn tool_ended(&mut self, allowed: bool) {
        let mut item = json!({"type": "commandExecution", "id": "tool", "command": "ls", "status": "declined"});
        if allowed {
            item["exitCode"] = json!(0);
            item["aggregatedOutput"] = json!("a.txt");
        }
        Self::item("item/completed", &item);
    }

    fn end(&mut self, end: End) {
        let status = match end {
            End::Well => "completed",
            End::Failed => "failed",
            End::Interrupted => "interrupted",
        };
        let error = (end == End::Failed).then(|| json!({"message": "API Error: 500"}));
        Self::tell("turn/completed", &json!({"turn": {"id": self.turn(), "status": status, "error": error}}));
    }
}
