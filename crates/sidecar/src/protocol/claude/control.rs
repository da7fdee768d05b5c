//! The control channel: what is asked and answered beside the conversation.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard_domain::{AgentEvent, Answer, ApprovalRequest, RequestId};

use super::Puzzle;
use crate::protocol::json_line::to_line;
use crate::protocol::{Output, Ticket};

/// Requests for approval that may be open at once. Claude Code asks for one tool at a time, and for one
/// more in each subagent; a program that asks more often than this and never waits is refused.
const OPEN_MAX: usize = 256;

/// What Claude Code tells its model when a person says no.
const DENIAL: &str =
    "The user does not allow this. Do not try the same again; ask what to do instead if it is unclear.";

/// What is open on the control channel.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Requests for approval that wait for an answer, with the input an answer must repeat.
    open: BTreeMap<RequestId, Value>,
    /// Requests of our own so far.
    asked: u64,
}

impl Control {
    /// Claude Code wants something.
    pub(super) fn requested(&mut self, line: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let id = line["request_id"].as_str().ok_or(Puzzle::Malformed("a control request without id"))?;
        let request = &line["request"];
        match request["subtype"].as_str() {
            Some("can_use_tool") => self.may_use_tool(id, request, bytes, out),
            subtype => {
                let wanted = subtype.unwrap_or("a request without a subtype");
                out.write(refusal(id, &format!("this client does not support {wanted}")));
                Err(Puzzle::Unknown(format!("control_request/{wanted}")))
            }
        }
    }

    fn may_use_tool(&mut self, id: &str, request: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let (Some(tool_name), true) = (request["tool_name"].as_str(), request["input"].is_object()) else {
            // Left without an answer, the turn would wait for ever.
            out.write(refusal(id, "a permission request needs a tool_name and an input"));
            return Err(Puzzle::Malformed("a permission request without tool or input"));
        };
        if self.open.len() >= OPEN_MAX {
            out.write(answer(
                id,
                &json!({"behavior": "deny", "message": "too many requests are waiting for an answer"}),
            ));
            let message = format!("a request to use {tool_name} was denied: {OPEN_MAX} others wait for an answer");
            out.emit(AgentEvent::Warning { message }, bytes);
            return Ok(());
        }
        let input = request["input"].clone();
        let suggestions = &request["permission_suggestions"];
        let approval = ApprovalRequest {
            request_id: RequestId::new(id),
            tool_name: tool_name.to_owned(),
            input: input.clone(),
            suggestions: suggestions.as_array().filter(|some| !some.is_empty()).map(|_| suggestions.clone()),
        };
        self.open.insert(RequestId::new(id), input);
        out.emit(AgentEvent::ApprovalRequested(approval), bytes);
        Ok(())
    }

    /// Claude Code no longer waits for an answer.
    pub(super) fn withdrawn(&mut self, line: &Value, out: &mut Output) -> Result<(), Puzzle> {
        let id = line["request_id"].as_str().ok_or(Puzzle::Malformed("a cancellation without id"))?;
        let request_id = RequestId::new(id);
        if self.open.remove(&request_id).is_some() {
            out.emit(AgentEvent::ApprovalWithdrawn { request_id }, 0);
        }
        Ok(())
    }

    /// The turn is over, so nobody waits for an answer.
    pub(super) fn withdraw_all(&mut self, out: &mut Output) {
        for request_id in std::mem::take(&mut self.open).into_keys() {
            out.emit(AgentEvent::ApprovalWithdrawn { request_id }, 0);
        }
    }

    /// Answers a request for approval, at most once.
    pub(super) fn answer(&mut self, ticket: Ticket, request_id: &RequestId, yes_or_no: Answer, out: &mut Output) {
        let Some(input) = self.open.remove(request_id) else {
            return out.refuse(ticket, "the agent does not wait for this answer (any more)");
        };
        let response = match yes_or_no {
            Answer::Allow { updated_permissions: None } => json!({"behavior": "allow", "updatedInput": input}),
            Answer::Allow { updated_permissions: Some(rules) } => {
                let rules = if rules.is_array() { rules } else { json!([rules]) };
                json!({"behavior": "allow", "updatedInput": input, "updatedPermissions": rules})
            }
            Answer::Deny => json!({"behavior": "deny", "message": DENIAL}),
        };
        out.deliver(ticket, answer(request_id.as_str(), &response));
    }

    /// The line that interrupts the turn under way.
    pub(super) fn interrupt(&mut self) -> Vec<u8> {
        self.asked += 1;
        let id = format!("switchboard-{}", self.asked);
        to_line(&json!({"type": "control_request", "request_id": id, "request": {"subtype": "interrupt"}}))
    }
}

/// The answer to one of our own requests. Only a refusal is news.
pub(super) fn answered(line: &Value, out: &mut Output) {
    let response = &line["response"];
    if response["subtype"] == "error" {
        let why = response["error"].as_str().unwrap_or("no reason given");
        out.emit(AgentEvent::Warning { message: format!("Claude Code refused a request: {why}") }, 0);
    }
}

fn answer(id: &str, response: &Value) -> Vec<u8> {
    let response = json!({"subtype": "success", "request_id": id, "response": response});
    to_line(&json!({"type": "control_response", "response": response}))
}

fn refusal(id: &str, why: &str) -> Vec<u8> {
    let response = json!({"subtype": "error", "request_id": id, "error": why});
    to_line(&json!({"type": "control_response", "response": response}))
}
