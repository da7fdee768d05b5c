//! The Agent Client Protocol, version 1: JSON-RPC lines, with Switchboard as the client.
//!
//! One process serves one session. Its start is a conversation of its own (`initialize`, open or resume a
//! session, choose mode and model), in which the first prompt is held back; then each prompt is a request
//! whose answer ends the turn. What the agent says meanwhile comes as updates, put together by [`speech`]
//! and [`calls`]. Whatever is not understood is kept as [`AgentEvent::Unknown`], and whatever the agent asks
//! is answered, if only with a refusal: an agent that waits for ever is worse than one that was told no.
//!
//! An agent may have us read and write files and run commands; see [`services`].

mod calls;
mod complaint;
mod grants;
mod offer;
mod opening;
mod permission;
mod rpc;
mod services;
mod speech;
mod spending;
mod turn;
mod update;

use agent_client_protocol_schema::v1::{AGENT_METHOD_NAMES, CancelNotification, Error};
use serde::Serialize;
use serde_json::Value;
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Answer, RequestId};

use self::calls::Calls;
pub(crate) use self::complaint::{Login, explain, needs_login};
use self::grants::Grants;
use self::opening::Opening;
use self::permission::{Permission, Permissions, Wants, cancelled};
use self::rpc::Incoming;
use self::services::{Errands, denied};
use self::speech::Speech;
use self::spending::Spending;
use super::json_line::object_on;
use super::{Done, ErrandId, Output, Protocol, Ticket, Undone, Write};
use crate::inbox::Framing;
use crate::line::Exit;
use crate::{AgentSpec, FaultKind};

/// The adapter for the Agent Client Protocol.
#[derive(Debug)]
pub(crate) struct Acp {
    /// The mode every session shall be in, if one is configured.
    mode: Option<String>,
    phase: Phase,
    /// The id of the last request.
    requests: i64,
    /// The answer that must come next. There is never more than one request under way.
    awaited: Option<(i64, Awaited)>,
    /// The agent's id of the session; empty until it is known.
    session: String,
    logins: Vec<Login>,
    speech: Speech,
    calls: Calls,
    permissions: Permissions,
    grants: Grants,
    errands: Errands,
    spending: Spending,
}

/// How far the conversation has got.
#[derive(Debug)]
enum Phase {
    /// Nothing was said yet.
    Fresh,
    /// The agent gets ready for the first prompt.
    Opening(Box<Opening>),
    /// The agent waits for a prompt.
    Idle,
    /// The agent works on one.
    Turn { stopped: bool },
    /// It never got ready, and why.
    Failed(String),
}

/// What an answer is to.
#[derive(Debug)]
enum Awaited {
    Initialized,
    Opened,
    /// A choice was made; what it was, for a person.
    Chosen(String),
    TurnEnd,
}

impl Acp {
    pub(crate) fn new(agent: &AgentSpec) -> Self {
        Self {
            mode: agent.mode.clone(),
            phase: Phase::Fresh,
            requests: 0,
            awaited: None,
            session: String::new(),
            logins: Vec::new(),
            speech: Speech::new(agent.limits.message_bytes_max),
            calls: Calls::default(),
            permissions: Permissions::default(),
            grants: Grants::default(),
            errands: Errands::default(),
            spending: Spending::default(),
        }
    }

    /// Asks the agent something; the answer is looked for as `awaited`.
    fn ask(
        &mut self,
        awaited: Awaited,
        method: &str,
        params: impl Serialize,
        delivers: Option<Ticket>,
        out: &mut Output,
    ) -> Result<(), serde_json::Error> {
        self.requests += 1;
        let bytes = rpc::request(self.requests, method, params)?;
        self.awaited = Some((self.requests, awaited));
        out.writes.push_back(Write { bytes, delivers, optional: delivers.is_none() });
        Ok(())
    }

    fn abort(&mut self, ticket: Ticket, out: &mut Output) {
        match &mut self.phase {
            Phase::Turn { stopped } => {
                *stopped = true;
                let cancel = self.cancel();
                out.deliver(ticket, cancel);
                self.withdraw_all(out);
            }
            Phase::Opening(_) => {
                self.fail_start("it was stopped before the agent was ready".to_owned(), out);
                out.deliver(ticket, Vec::new());
            }
            Phase::Fresh | Phase::Idle | Phase::Failed(_) => out.deliver(ticket, Vec::new()),
        }
    }

    fn cancel(&self) -> Vec<u8> {
        let params = CancelNotification::new(self.session.clone());
        // Holds nothing that JSON cannot.
        rpc::notification(AGENT_METHOD_NAMES.session_cancel, params).unwrap_or_default()
    }

    /// The turn is over or ending: what still waits for permission gets none.
    fn withdraw_all(&mut self, out: &mut Output) {
        for permission in self.permissions.close_all() {
            let rpc_id = permission.rpc_id.clone();
            match permission.wants {
                Wants::Choice { .. } => reply(rpc_id, Ok(cancelled()), out),
                Wants::Errand(_) => reply(rpc_id, Err::<(), _>(Error::request_cancelled()), out),
            }
            out.emit(AgentEvent::ApprovalWithdrawn { request_id: permission.request_id }, 0);
        }
    }

    fn answer(&mut self, ticket: Ticket, request_id: &RequestId, answer: &Answer, out: &mut Output) {
        let Some(permission) = self.permissions.close(request_id) else {
            return out.refuse(ticket, "the agent no longer waits for this answer");
        };
        match permission.wants {
            Wants::Choice { options, subject } => {
                let choice = options.choose(answer);
                if let Some(always) = choice.allows {
                    self.grants.allow(subject, always);
                }
                // Holds nothing that JSON cannot.
                out.deliver(ticket, rpc::response(permission.rpc_id, Ok(choice.response)).unwrap_or_default());
                if let Some(remark) = choice.remark {
                    out.emit(AgentEvent::Warning { message: remark.to_owned() }, 0);
                }
            }
            Wants::Errand(errand) if answer.is_allow() => {
                out.deliver(ticket, Vec::new());
                self.begin_errand(permission.rpc_id, errand, out);
            }
            Wants::Errand(_) => {
                out.deliver(ticket, rpc::response(permission.rpc_id, Err::<(), _>(denied())).unwrap_or_default());
            }
        }
    }

    fn agent_session_id(&self) -> AgentSessionId {
        AgentSessionId::new(self.session.as_str())
    }

    fn message(&mut self, message: &Value, bytes: usize, out: &mut Output) {
        match Incoming::read(message) {
            Some(Incoming::Request { id, method, params }) => {
                if !self.asked(id.clone(), method, params, bytes, out) {
                    reply(id, Err::<(), _>(Error::method_not_found()), out);
                    keep(method, message, bytes, out);
                }
            }
            Some(Incoming::Notification { method, params }) => {
                if !self.told(method, params, bytes, out) {
                    keep(method, message, bytes, out);
                }
            }
            Some(Incoming::Response { id, outcome }) => {
                match self.awaited.take_if(|(awaited, _)| rpc::number(&id) == Some(*awaited)) {
                    Some((_, awaited)) => self.answered(awaited, outcome, bytes, out),
                    None => keep("response", message, bytes, out),
                }
            }
            None => out.fault(FaultKind::Junk, &message.to_string()),
        }
    }

    fn answered(&mut self, awaited: Awaited, outcome: Result<&Value, Error>, bytes: usize, out: &mut Output) {
        match awaited {
            Awaited::Initialized => self.initialized(outcome, out),
            Awaited::Opened => self.opened(outcome, out),
            Awaited::Chosen(purpose) => self.chosen(&purpose, outcome, out),
            Awaited::TurnEnd => self.turn_ended(outcome, bytes, out),
        }
    }
}

impl Protocol for Acp {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        match command {
            AgentCommand::Start(start) => self.start(ticket, start, out),
            AgentCommand::SendMessage { text } => match &self.phase {
                Phase::Idle => self.prompt(ticket, text, out),
                Phase::Fresh => out.refuse(ticket, "no session was started"),
                Phase::Opening(_) | Phase::Turn { .. } => out.refuse(ticket, "the agent is in the middle of a turn"),
                Phase::Failed(why) => out.refuse(ticket, why.clone()),
            },
            AgentCommand::AnswerApproval { request_id, answer } => self.answer(ticket, &request_id, &answer, out),
            AgentCommand::Abort => self.abort(ticket, out),
            AgentCommand::End => {
                out.deliver(ticket, Vec::new());
                out.close_input = true;
            }
        }
    }

    fn read(&mut self, line: &str, out: &mut Output) {
        if let Some(value) = object_on(line, out) {
            self.message(&value, line.len(), out);
        }
    }

    fn done(&mut self, id: ErrandId, outcome: Result<Done, Undone>, out: &mut Output) {
        self.errand_done(id, outcome, out);
    }

    fn stop(&mut self, out: &mut Output) {
        if matches!(self.phase, Phase::Turn { .. }) {
            out.write(self.cancel());
            self.withdraw_all(out);
        }
        out.close_input = true;
    }

    fn exited(&mut self, _exit: &Exit, out: &mut Output) {
        self.calls.end_turn(out);
        self.speech.finish(None, out);
    }
}

/// Answers the agent's request `id`.
fn reply(id: agent_client_protocol_schema::v1::RequestId, outcome: Result<impl Serialize, Error>, out: &mut Output) {
    // Holds nothing that JSON cannot.
    out.write(rpc::response(id, outcome).unwrap_or_default());
}

/// Keeps what is not understood, or has no place in a session, as it came.
fn keep(kind: &str, raw: &Value, bytes: usize, out: &mut Output) {
    out.emit(AgentEvent::Unknown { kind: kind.to_owned(), raw: raw.clone() }, bytes);
}

#[cfg(test)]
mod tests;
