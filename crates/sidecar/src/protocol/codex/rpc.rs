//! JSON-RPC as Codex speaks it: a line each, without the `jsonrpc` field.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::protocol::json_line::to_line;

/// The code of an answer to a request nobody here serves.
const METHOD_NOT_FOUND: i64 = -32601;

/// What a request of ours was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Initialize,
    OpenThread,
    StartTurn,
    Interrupt,
}

/// Requests of ours that wait for their answers.
#[derive(Debug, Default)]
pub(super) struct Pending {
    asked: BTreeMap<u64, Asked>,
    last_id: u64,
}

impl Pending {
    /// The line that asks for `method`.
    pub(super) fn request(&mut self, asked: Asked, method: &str, params: &Value) -> Vec<u8> {
        self.last_id += 1;
        self.asked.insert(self.last_id, asked);
        to_line(&json!({"id": self.last_id, "method": method, "params": params}))
    }

    /// What the request that `message` answers was for.
    pub(super) fn answered(&mut self, message: &Value) -> Option<Asked> {
        self.asked.remove(&message["id"].as_u64()?)
    }
}

/// The line that tells of `method`.
pub(super) fn notification(method: &str) -> Vec<u8> {
    to_line(&json!({"method": method}))
}

/// The line that answers the request `id`.
pub(super) fn response(id: &Value, result: &Value) -> Vec<u8> {
    to_line(&json!({"id": id, "result": result}))
}

/// The line that answers the request `id` for `method`, which nobody here serves.
pub(super) fn not_served(id: &Value, method: &str) -> Vec<u8> {
    let message = format!("this client does not serve {method}");
    to_line(&json!({"id": id, "error": {"code": METHOD_NOT_FOUND, "message": message}}))
}
