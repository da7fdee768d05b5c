//! What Codex asks permission for, and the decisions it offers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use switchboard_domain::{AgentEvent, Answer, ApprovalRequest, RequestId};

use super::items::{EDIT, SHELL};
use super::rpc::response;
use crate::protocol::{Output, Ticket};

/// Requests that may be open at once; past it they are declined. Codex asks for one thing at a time in each of its threads.
const OPEN_MAX: usize = 256;

/// The name under which a request for more rights than the sandbox gives is shown.
const PERMISSIONS: &str = "permissions";

/// Decisions that are a plain yes or no; what else is offered remembers something.
const PLAIN: [&str; 3] = ["accept", "decline", "cancel"];

/// Fields that say where a request belongs, not what it asks for.
const BOOKKEEPING: [&str; 7] =
    ["threadId", "turnId", "itemId", "startedAtMs", "environmentId", "kind", "availableDecisions"];

/// Requests that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Approvals(BTreeMap<RequestId, Open>);

#[derive(Debug)]
struct Open {
    /// The request's id as Codex wrote it: a number or a text.
    id: Value,
    /// What was offered beside yes and no.
    offered: Vec<Value>,
    form: Form,
}

/// What an answer looks like.
#[derive(Debug)]
enum Form {
    /// One of the offered decisions.
    Decision,
    /// The rights that are granted, out of these.
    Grant(Value),
}

impl Approvals {
    /// Codex asks; `false` when `method` asks for no permission. `changes` are those of the file change it is about.
    pub(super) fn requested(
        &mut self,
        message: &Value,
        changes: Option<&Value>,
        bytes: usize,
        out: &mut Output,
    ) -> bool {
        let (id, params) = (&message["id"], &message["params"]);
        let (tool_name, form) = match message["method"].as_str() {
            Some("item/commandExecution/requestApproval") => (SHELL, Form::Decision),
            Some("item/fileChange/requestApproval") => (EDIT, Form::Decision),
            Some("item/permissions/requestApproval") => (PERMISSIONS, Form::Grant(params["permissions"].clone())),
            _ => return false,
        };
        let open = Open { id: id.clone(), offered: offered(params, &form), form };
        if self.0.len() >= OPEN_MAX {
            out.write(response(id, &open.result(&Answer::Deny)));
            let message = format!("a request to use {tool_name} was declined: {OPEN_MAX} others wait for an answer");
            out.emit(AgentEvent::Warning { message }, bytes);
            return true;
        }
        let request_id = RequestId::new(id.to_string());
        let approval = ApprovalRequest {
            request_id: request_id.clone(),
            tool_name: tool_name.to_owned(),
            input: input(params, changes),
            suggestions: (!open.offered.is_empty()).then(|| Value::Array(open.offered.clone())),
        };
        self.0.insert(request_id, open);
        out.emit(AgentEvent::ApprovalRequested(approval), bytes);
        true
    }

    /// Answers a request, at most once.
    pub(super) fn answer(&mut self, ticket: Ticket, request_id: &RequestId, answer: &Answer, out: &mut Output) {
        match self.0.remove(request_id) {
            Some(open) => out.deliver(ticket, response(&open.id, &open.result(answer))),
            None => out.refuse(ticket, "the agent does not wait for this answer (any more)"),
        }
    }

    /// Codex no longer waits for the answer to request `id`, if it did.
    pub(super) fn resolved(&mut self, id: &Value, out: &mut Output) {
        let request_id = RequestId::new(id.to_string());
        if self.0.remove(&request_id).is_some() {
            out.emit(AgentEvent::ApprovalWithdrawn { request_id }, 0);
        }
    }

    /// The turn is over, so nobody waits for an answer.
    pub(super) fn withdraw_all(&mut self, out: &mut Output) {
        for request_id in std::mem::take(&mut self.0).into_keys() {
            out.emit(AgentEvent::ApprovalWithdrawn { request_id }, 0);
        }
    }
}

impl Open {
    fn result(&self, answer: &Answer) -> Value {
        let remembered = match answer {
            Answer::Allow { updated_permissions } => {
                updated_permissions.as_ref().and_then(|chosen| self.chosen(chosen))
            }
            Answer::Deny => None,
        };
        match &self.form {
            Form::Decision if answer.is_allow() => json!({"decision": remembered.unwrap_or(&json!("accept"))}),
            // Not `cancel`, which would end the whole turn.
            Form::Decision => json!({"decision": "decline"}),
            Form::Grant(rights) if answer.is_allow() => {
                json!({"permissions": rights, "scope": remembered.unwrap_or(&json!("turn"))})
            }
            Form::Grant(_) => json!({"permissions": {}, "scope": "turn"}),
        }
    }

    /// The offer that was taken up: itself, or first in a list. What was never offered is never sent.
    fn chosen<'a>(&self, chosen: &'a Value) -> Option<&'a Value> {
        let first = chosen.as_array().map_or(Some(chosen), |list| list.first())?;
        self.offered.contains(first).then_some(first)
    }
}

fn offered(params: &Value, form: &Form) -> Vec<Value> {
    match (params["availableDecisions"].as_array(), form) {
        (_, Form::Grant(_)) => vec![json!("session")],
        (Some(decisions), Form::Decision) => {
            let remembers = |decision: &&Value| !decision.as_str().is_some_and(|plain| PLAIN.contains(&plain));
            decisions.iter().filter(remembers).cloned().collect()
        }
        (None, Form::Decision) => vec![json!("acceptForSession")],
    }
}

/// All that says what is asked for, unabridged.
fn input(params: &Value, changes: Option<&Value>) -> Value {
    let fields = params.as_object().into_iter().flatten();
    let telling = fields.filter(|(name, value)| !BOOKKEEPING.contains(&name.as_str()) && !value.is_null());
    let mut input: Map<String, Value> = telling.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(changes) = changes {
        input.insert("changes".to_owned(), changes.clone());
    }
    Value::Object(input)
}
