//! What the agent says and asks by itself.

use agent_client_protocol_schema::v1::{
    CLIENT_METHOD_NAMES, CancelRequestNotification, ContentBlock, ContentChunk, EmbeddedResourceResource, Error,
    PROTOCOL_LEVEL_METHOD_NAMES, RequestId as RpcId, SessionUpdate, ToolCallUpdate,
};
use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::{AgentEvent, ApprovalRequest};

use super::grants::Subject;
use super::speech::Chunk;
use super::{Acp, Permission, Phase, cancelled, keep, reply};
use crate::protocol::Output;
use crate::{FaultKind, LineFault};

/// Updates that the protocol's version 1 has. One of these that cannot be read is malformed, any other is
/// unknown.
const KNOWN_UPDATES: [&str; 11] = [
    "user_message_chunk",
    "agent_message_chunk",
    "agent_thought_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
    "available_commands_update",
    "current_mode_update",
    "config_option_update",
    "session_info_update",
    "usage_update",
];

impl Acp {
    /// The agent tells us something; `false` when it is nothing we know.
    pub(super) fn told(&mut self, method: &str, params: &Value, bytes: usize, out: &mut Output) -> bool {
        if method == CLIENT_METHOD_NAMES.session_update {
            self.updated(params, bytes, out);
            return true;
        }
        method == PROTOCOL_LEVEL_METHOD_NAMES.cancel_request && self.takes_back(params, out)
    }

    /// The agent asks us something; `false` when it is nothing we can answer.
    pub(super) fn asked(&mut self, id: RpcId, method: &str, params: &Value, bytes: usize, out: &mut Output) -> bool {
        if method != CLIENT_METHOD_NAMES.session_request_permission {
            return self.asked_for_service(id, method, params, bytes, out);
        }
        let raw = params.get("toolCall").unwrap_or(&Value::Null);
        match ToolCallUpdate::deserialize(raw) {
            Ok(call) => self.permission(id, call, raw, params, bytes, out),
            Err(error) => {
                out.push_fault(LineFault::new(FaultKind::Malformed, &params.to_string()).because(error));
                keep(method, params, bytes, out);
                reply(id, Err::<(), _>(Error::invalid_params()), out);
            }
        }
        true
    }

    fn permission(
        &mut self,
        id: RpcId,
        call: ToolCallUpdate,
        raw: &Value,
        params: &Value,
        bytes: usize,
        out: &mut Output,
    ) {
        let call_id = call.tool_call_id.0.clone();
        // For some agents this is the first mention of the call.
        self.called(call, raw, bytes, out);
        if matches!(self.phase, Phase::Turn { stopped: true }) || self.permissions.is_full() {
            return reply(id, Ok(cancelled()), out);
        }
        let (tool_name, input) = self.calls.reported(&call_id).cloned().unwrap_or_default();
        let subject = Subject::of(raw, &input);
        let permission = Permission::new(id, &call_id, params.get("options").unwrap_or(&Value::Null), subject);
        let suggestions = permission.suggestions();
        let request_id = permission.request_id.clone();
        self.permissions.open(permission);
        out.emit(AgentEvent::ApprovalRequested(ApprovalRequest { request_id, tool_name, input, suggestions }), bytes);
    }

    fn takes_back(&mut self, params: &Value, out: &mut Output) -> bool {
        let Ok(cancel) = CancelRequestNotification::deserialize(params) else { return false };
        let Some(permission) = self.permissions.close_rpc(&cancel.request_id) else { return false };
        reply(permission.rpc_id, Err::<(), _>(Error::request_cancelled()), out);
        out.emit(AgentEvent::ApprovalWithdrawn { request_id: permission.request_id }, 0);
        true
    }

    fn updated(&mut self, params: &Value, bytes: usize, out: &mut Output) {
        let session = params.get("sessionId").and_then(Value::as_str);
        if !self.session.is_empty() && session.is_some_and(|session| session != self.session) {
            return out.fault(FaultKind::WrongSession, &params.to_string());
        }
        let raw = params.get("update").unwrap_or(&Value::Null);
        let kind = raw.get("sessionUpdate").and_then(Value::as_str).unwrap_or("session/update");
        match SessionUpdate::deserialize(raw) {
            Ok(update) => self.update(update, kind, raw, bytes, out),
            Err(error) => {
                if KNOWN_UPDATES.contains(&kind) {
                    out.push_fault(LineFault::new(FaultKind::Malformed, &raw.to_string()).because(error));
                }
                keep(kind, raw, bytes, out);
            }
        }
    }

    fn update(&mut self, update: SessionUpdate, kind: &str, raw: &Value, bytes: usize, out: &mut Output) {
        if self.is_replaying() && is_history(&update) {
            return;
        }
        match update {
            SessionUpdate::AgentMessageChunk(chunk) => self.heard(Chunk::Text, &chunk, raw, bytes, out),
            SessionUpdate::AgentThoughtChunk(chunk) => self.heard(Chunk::Thought, &chunk, raw, bytes, out),
            SessionUpdate::ToolCall(call) => self.called(call.into(), raw, bytes, out),
            SessionUpdate::ToolCallUpdate(call) => self.called(call, raw, bytes, out),
            SessionUpdate::UsageUpdate(usage) => {
                if let Some(cost) = &usage.cost {
                    self.spending.hear(cost, matches!(self.phase, Phase::Turn { .. } | Phase::Idle));
                }
                keep(kind, raw, bytes, out);
            }
            _ => keep(kind, raw, bytes, out),
        }
    }

    fn heard(&mut self, part: Chunk, chunk: &ContentChunk, raw: &Value, bytes: usize, out: &mut Output) {
        let message = chunk.message_id.as_ref().map(|id| &*id.0);
        match words(&chunk.content) {
            Some(text) => self.speech.hear(part, &text, message, bytes, out),
            // Pictures and sound have no place in a transcript yet.
            None => keep(raw.get("sessionUpdate").and_then(Value::as_str).unwrap_or_default(), raw, bytes, out),
        }
    }

    fn called(&mut self, call: ToolCallUpdate, raw: &Value, bytes: usize, out: &mut Output) {
        if !self.calls.knows(&call.tool_call_id.0) {
            self.speech.call(out);
        }
        self.calls.learn(call, raw, bytes, out);
    }
}

/// Whether `update` is part of a conversation, and so told again when that is loaded.
const fn is_history(update: &SessionUpdate) -> bool {
    matches!(
        update,
        SessionUpdate::UserMessageChunk(_)
            | SessionUpdate::AgentMessageChunk(_)
            | SessionUpdate::AgentThoughtChunk(_)
            | SessionUpdate::ToolCall(_)
            | SessionUpdate::ToolCallUpdate(_)
            | SessionUpdate::Plan(_)
    )
}

/// `content` as Markdown, if it can be said so.
fn words(content: &ContentBlock) -> Option<String> {
    match content {
        ContentBlock::Text(text) => Some(text.text.clone()),
        ContentBlock::ResourceLink(link) => {
            Some(format!("[{}]({})", link.title.as_ref().unwrap_or(&link.name), link.uri))
        }
        ContentBlock::Resource(resource) => match &resource.resource {
            EmbeddedResourceResource::TextResourceContents(text) => Some(text.text.clone()),
            _ => None,
        },
        _ => None,
    }
}
