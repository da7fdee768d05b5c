//! The items a turn is made of: what the model says, thinks and does.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard_domain::{AgentEvent, MessageBody, Role, ToolCall, ToolCallId, ToolResult};

use super::Puzzle;
use crate::protocol::Output;
use crate::protocol::held::HeldMessage;

/// The name of Codex's tool that runs commands.
pub(super) const SHELL: &str = "shell";

/// The name of Codex's tool that changes files.
pub(super) const EDIT: &str = "edit";

/// File changes under way whose contents are kept for the request for approval, which only names them.
const CHANGES_MAX: usize = 64;

/// The items of the turn under way.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// The newest message.
    pub(super) held: HeldMessage,
    /// The changes of each file change under way.
    changes: BTreeMap<String, Value>,
}

impl Items {
    /// The changes of the item that `params` name.
    pub(super) fn changes(&self, params: &Value) -> Option<&Value> {
        self.changes.get(params["itemId"].as_str()?)
    }

    /// An item begins. Only tools are of interest before they end.
    pub(super) fn started(&mut self, item: &Value, bytes: usize, out: &mut Output) {
        let Some(call) = call(item) else { return };
        if let (EDIT, Some(id)) = (call.name.as_str(), item["id"].as_str())
            && self.changes.len() < CHANGES_MAX
        {
            self.changes.insert(id.to_owned(), item["changes"].clone());
        }
        self.held.release(out);
        let message = MessageBody { tool_calls: vec![call], ..MessageBody::text(Role::Assistant, "") };
        out.emit(AgentEvent::Message(message), bytes);
    }

    /// An item has ended.
    pub(super) fn completed(&mut self, item: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let kind = item["type"].as_str().ok_or(Puzzle::Malformed("an item without type"))?;
        match kind {
            "agentMessage" | "plan" => {
                let text = item["text"].as_str().ok_or(Puzzle::Malformed("a message without text"))?;
                self.say(MessageBody::text(Role::Assistant, text), bytes, out);
            }
            "reasoning" => {
                let parts = [&item["summary"], &item["content"]].map(texts);
                let thinking = parts.into_iter().find(|text| !text.is_empty());
                self.say(MessageBody { thinking, ..MessageBody::text(Role::Assistant, "") }, bytes, out);
            }
            "contextCompaction" => {
                let note = "The conversation so far was summarized to make room.";
                self.say(MessageBody::text(Role::System, note), bytes, out);
            }
            "userMessage" | "hookPrompt" | "enteredReviewMode" | "exitedReviewMode" | "sleep" => {}
            _ => match call(item) {
                Some(call) => self.answered(call, item, bytes, out),
                None => return Err(Puzzle::Unknown(format!("item/{kind}"))),
            },
        }
        Ok(())
    }

    fn say(&mut self, message: MessageBody, bytes: usize, out: &mut Output) {
        if !message.content.is_empty() || message.thinking.is_some() {
            self.held.put(message, bytes, out);
        }
    }

    fn answered(&mut self, call: ToolCall, item: &Value, bytes: usize, out: &mut Output) {
        if let Some(id) = item["id"].as_str() {
            self.changes.remove(id);
        }
        self.held.release(out);
        out.emit(
            AgentEvent::ToolResult(ToolResult {
                id: call.id,
                name: call.name,
                output: outcome(item),
                is_error: went_wrong(item),
            }),
            bytes,
        );
    }

    /// The turn is over.
    pub(super) fn end_turn(&mut self, out: &mut Output) {
        self.held.end_turn(out);
        self.changes.clear();
    }
}

/// The tool call that `item` is, if it is one.
fn call(item: &Value) -> Option<ToolCall> {
    let (name, input) = match item["type"].as_str()? {
        "commandExecution" => (SHELL.to_owned(), json!({"command": item["command"], "cwd": item["cwd"]})),
        "fileChange" => (EDIT.to_owned(), json!({"changes": item["changes"]})),
        "mcpToolCall" => {
            let [server, tool] = ["server", "tool"].map(|part| item[part].as_str().unwrap_or("?"));
            (format!("{server}.{tool}"), item["arguments"].clone())
        }
        "dynamicToolCall" => (item["tool"].as_str().unwrap_or("?").to_owned(), item["arguments"].clone()),
        "collabAgentToolCall" => {
            (format!("agent.{}", item["tool"].as_str().unwrap_or("?")), json!({"prompt": item["prompt"]}))
        }
        "webSearch" => ("web_search".to_owned(), json!({"query": item["query"]})),
        "imageView" => ("view_image".to_owned(), json!({"path": item["path"]})),
        "imageGeneration" => ("generate_image".to_owned(), json!({"prompt": item["revisedPrompt"]})),
        _ => return None,
    };
    let id = item["id"].as_str().map(ToolCallId::new);
    Some(ToolCall { id, name, input, output: None, is_error: false })
}

/// Whether the tool did not do what it was called for.
fn went_wrong(item: &Value) -> bool {
    let failed = matches!(item["status"].as_str(), Some("failed" | "declined"));
    failed || item["exitCode"].as_i64().is_some_and(|code| code != 0) || !item["error"].is_null()
}

/// What came of a tool call.
fn outcome(item: &Value) -> Value {
    let status = item["status"].as_str().unwrap_or("completed");
    match item["type"].as_str().unwrap_or_default() {
        "commandExecution" => Value::String(command_outcome(item, status)),
        "mcpToolCall" if item["error"].is_null() => item["result"].clone(),
        "mcpToolCall" => json!({"error": item["error"]}),
        "dynamicToolCall" => item["contentItems"].clone(),
        "webSearch" => item["results"].clone(),
        _ => Value::String(status.to_owned()),
    }
}

/// The command's output, and how it ended if that was not well.
fn command_outcome(item: &Value, status: &str) -> String {
    let output = item["aggregatedOutput"].as_str().unwrap_or_default();
    let ending = match item["exitCode"].as_i64() {
        Some(0) => return output.to_owned(),
        Some(code) => format!("exit status {code}"),
        None => status.to_owned(),
    };
    if output.is_empty() { ending } else { format!("{}\n{ending}", output.trim_end_matches('\n')) }
}

/// Parts of a text, which are texts or objects that hold one.
fn texts(parts: &Value) -> String {
    let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = parts.iter().filter_map(|part| part.as_str().or_else(|| part["text"].as_str()));
    texts.collect::<Vec<_>>().join("\n\n")
}
