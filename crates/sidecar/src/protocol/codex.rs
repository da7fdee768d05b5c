//! Codex's app-server: threads, turns and items over JSON-RPC.
//!
//! One process serves one session, so one thread of Codex's; what its other threads (subagents) say stays
//! with them, but what they ask permission for is asked. Which approvals and which sandbox apply is left to
//! Codex's own configuration.

mod account;
mod approvals;
mod arguments;
mod failure;
mod items;
mod opening;
mod rpc;

pub(crate) use arguments::arguments;
use serde_json::{Value, json};
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId};

use self::account::{Tokens, rate_limit};
use self::approvals::Approvals;
use self::failure::turn_failed;
use self::items::Items;
use self::opening::{Opening, Prompt};
use self::rpc::{Asked, Pending, not_served};
use super::json_line::object_on;
use super::puzzle::Puzzle;
use super::{Output, Protocol, Ticket};
use crate::inbox::Framing;
use crate::line::Exit;

/// The adapter for Codex.
#[derive(Debug, Default)]
pub(crate) struct Codex {
    pending: Pending,
    opening: Opening,
    turn: Turn,
    items: Items,
    approvals: Approvals,
    tokens: Tokens,
    /// The last error of the turn, should its end not repeat it.
    last_error: Value,
}

#[derive(Debug, Default)]
enum Turn {
    #[default]
    Idle,
    /// Asked for. Interrupts wait until it has begun: before that Codex refuses them, and the turn goes on.
    Starting { interrupts: Vec<Ticket> },
    UnderWay {
        id: String,
        /// Whether it was told to end early.
        interrupted: bool,
    },
}

impl Codex {
    fn prompt(&mut self, prompt: Prompt, out: &mut Output) {
        let Some(thread_id) = self.opening.thread_id() else {
            return self.opening.hold(prompt, out);
        };
        let input = json!([{"type": "text", "text": prompt.text, "text_elements": []}]);
        let params = json!({"threadId": thread_id, "input": input});
        out.deliver(prompt.ticket, self.pending.request(Asked::StartTurn, "turn/start", &params));
        self.turn = Turn::Starting { interrupts: Vec::new() };
    }

    fn interrupt(&mut self, ticket: Ticket, out: &mut Output) {
        match &mut self.turn {
            Turn::Idle => {
                self.opening.give_up_prompt(out);
                out.deliver(ticket, Vec::new());
            }
            Turn::Starting { interrupts } => interrupts.push(ticket),
            Turn::UnderWay { interrupted, .. } => {
                *interrupted = true;
                if let Some(line) = self.interruption() {
                    out.deliver(ticket, line);
                }
            }
        }
    }

    /// The line that interrupts the turn under way.
    fn interruption(&mut self) -> Option<Vec<u8>> {
        let (Some(thread_id), Turn::UnderWay { id, .. }) = (self.opening.thread_id(), &self.turn) else { return None };
        let params = json!({"threadId": thread_id, "turnId": id});
        Some(self.pending.request(Asked::Interrupt, "turn/interrupt", &params))
    }

    fn turn_begun(&mut self, id: &Value, out: &mut Output) {
        let Some(id) = id.as_str() else { return };
        let tickets = match &mut self.turn {
            Turn::UnderWay { .. } => return,
            Turn::Idle => Vec::new(),
            Turn::Starting { interrupts } => std::mem::take(interrupts),
        };
        self.turn = Turn::UnderWay { id: id.to_owned(), interrupted: false };
        for ticket in tickets {
            self.interrupt(ticket, out);
        }
    }

    fn answered(&mut self, message: &Value, out: &mut Output) -> Result<(), Puzzle> {
        let asked = self.pending.answered(message).ok_or_else(|| Puzzle::Unknown("response".to_owned()))?;
        let (result, error) = (&message["result"], message.get("error"));
        match (asked, error) {
            (Asked::Initialize, None) => self.opening.initialized(&mut self.pending, out),
            (Asked::OpenThread, None) => {
                if let Some(prompt) = self.opening.opened(result, out) {
                    self.prompt(prompt, out);
                }
            }
            (Asked::Initialize | Asked::OpenThread, Some(error)) => self.opening.failed(error, out),
            (Asked::StartTurn, Some(error)) => self.turn_ended(&json!({"status": "failed", "error": error}), out),
            (Asked::StartTurn | Asked::Interrupt, None) => {}
            (Asked::Interrupt, Some(error)) => {
                let message = format!("Codex refused to interrupt: {}", turn_failed(error));
                out.emit(AgentEvent::Warning { message }, 0);
            }
        }
        Ok(())
    }

    fn requested(&mut self, message: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        self.items.held.release(out);
        let changes = self.items.changes(&message["params"]);
        if self.approvals.requested(message, changes, bytes, out) {
            return Ok(());
        }
        let method = message["method"].as_str().unwrap_or_default();
        out.write(not_served(&message["id"], method));
        Err(Puzzle::Unknown(method.to_owned()))
    }

    fn notified(&mut self, method: &str, params: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let is_another_threads = match (params["threadId"].as_str(), self.opening.thread_id()) {
            (Some(about), Some(ours)) => about != ours,
            (Some(_), None) => true,
            (None, _) => false,
        };
        match method {
            "serverRequest/resolved" => self.approvals.resolved(&params["requestId"], out),
            "account/rateLimits/updated" => {
                if let Some(limit) = rate_limit(&params["rateLimits"]) {
                    out.emit(AgentEvent::RateLimit(limit), 0);
                }
            }
            _ if is_another_threads => {}
            "warning" | "guardianWarning" | "configWarning" => {
                let text = params["message"].as_str().or_else(|| params["summary"].as_str()).unwrap_or(method);
                out.emit(AgentEvent::Warning { message: text.to_owned() }, bytes);
            }
            "turn/started" => {
                self.turn_begun(&params["turn"]["id"], out);
                let agent_session_id = self.opening.thread_id().map(AgentSessionId::new);
                out.emit(AgentEvent::SessionStarted { agent_session_id }, 0);
            }
            "turn/completed" => self.turn_ended(&params["turn"], out),
            "item/started" => self.items.started(&params["item"], bytes, out),
            "item/completed" => return self.items.completed(&params["item"], bytes, out),
            "thread/tokenUsage/updated" => {
                let is_past = !matches!(&self.turn, Turn::UnderWay { id, .. } if params["turnId"] == *id);
                self.items.held.add(self.tokens.new_in(&params["tokenUsage"], is_past));
            }
            "error" => self.error(params, out),
            _ => return self.streamed(method, params, bytes, out),
        }
        Ok(())
    }

    /// A piece of something, or news that are none to us.
    fn streamed(&mut self, method: &str, params: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let delta = || params["delta"].as_str().map(str::to_owned).ok_or(Puzzle::Malformed("a delta without text"));
        let event = match method {
            "item/agentMessage/delta" | "item/plan/delta" => AgentEvent::ContentDelta { text: delta()? },
            "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta" => {
                AgentEvent::ThinkingDelta { text: delta()? }
            }
            "item/reasoning/summaryPartAdded" if params["summaryIndex"].as_u64().is_some_and(|part| part > 0) => {
                AgentEvent::ThinkingDelta { text: "\n\n".to_owned() }
            }
            quiet if is_quiet(quiet) => return Ok(()),
            other => return Err(Puzzle::Unknown(other.to_owned())),
        };
        self.items.held.release(out);
        out.emit(event, bytes);
        Ok(())
    }

    fn error(&mut self, params: &Value, out: &mut Output) {
        if params["willRetry"] == true {
            let message = format!("{}; Codex tries again", turn_failed(&params["error"]));
            out.emit(AgentEvent::Warning { message }, 0);
        } else {
            self.last_error = params["error"].clone();
        }
    }

    fn turn_ended(&mut self, turn: &Value, out: &mut Output) {
        self.items.end_turn(out);
        self.approvals.withdraw_all(out);
        let ended = std::mem::take(&mut self.turn);
        let last_error = self.last_error.take();
        let was_told = matches!(ended, Turn::UnderWay { interrupted: true, .. });
        if let Turn::Starting { interrupts } = ended {
            for ticket in interrupts {
                out.deliver(ticket, Vec::new());
            }
        }
        let agent_session_id = self.opening.thread_id().map(AgentSessionId::new);
        let completed = AgentEvent::Completed { agent_session_id, total_cost: None };
        let error = match turn["status"].as_str() {
            Some("completed") => return out.emit(completed, 0),
            // A turn that was told to end early ended as it should.
            Some("interrupted") if was_told => return out.emit(completed, 0),
            Some("interrupted") => "Codex ended the turn early".to_owned(),
            _ if turn["error"].is_null() => turn_failed(&last_error),
            _ => turn_failed(&turn["error"]),
        };
        out.emit(AgentEvent::Failed { error }, 0);
    }

    fn understand(&mut self, message: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        match (message["method"].as_str(), message.get("id")) {
            (Some(_), Some(_)) => self.requested(message, bytes, out),
            (Some(method), None) => self.notified(method, &message["params"], bytes, out),
            (None, Some(_)) => self.answered(message, out),
            (None, None) => Err(Puzzle::Malformed("neither a method nor an id")),
        }
    }
}

/// What Codex tells every client and only some need to know.
fn is_quiet(method: &str) -> bool {
    const WHOLE: [&str; 5] = ["thread/", "hook/", "account/", "mcpServer/", "remoteControl/"];
    const SINGLE: [&str; 14] = [
        "skills/changed",
        "app/list/updated",
        "deprecationNotice",
        "turn/diff/updated",
        "turn/plan/updated",
        "turn/moderationMetadata",
        "model/rerouted",
        "model/verification",
        "item/reasoning/summaryPartAdded",
        "item/commandExecution/outputDelta",
        "item/commandExecution/terminalInteraction",
        "item/fileChange/outputDelta",
        "item/fileChange/patchUpdated",
        "item/mcpToolCall/progress",
    ];
    WHOLE.iter().any(|group| method.starts_with(group)) || SINGLE.contains(&method)
}

impl Protocol for Codex {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        match command {
            AgentCommand::Start(start) => self.opening.begin(ticket, start, &mut self.pending, out),
            AgentCommand::SendMessage { text } => self.prompt(Prompt { ticket, text }, out),
            AgentCommand::AnswerApproval { request_id, answer } => {
                self.approvals.answer(ticket, &request_id, &answer, out);
            }
            AgentCommand::Abort => self.interrupt(ticket, out),
            AgentCommand::End => {
                out.deliver(ticket, Vec::new());
                out.close_input = true;
            }
        }
    }

    fn read(&mut self, line: &str, out: &mut Output) {
        let Some(value) = object_on(line, out) else { return };
        if let Err(puzzle) = self.understand(&value, line.len(), out) {
            let kind = value["method"].as_str().unwrap_or("?").to_owned();
            puzzle.keep(kind, value, line, out);
        }
    }

    fn stop(&mut self, out: &mut Output) {
        if let Some(interruption) = self.interruption() {
            out.write(interruption);
        }
        out.close_input = true;
    }

    fn exited(&mut self, _exit: &Exit, out: &mut Output) {
        self.turn = Turn::Idle;
        self.items.end_turn(out);
    }
}

#[cfg(test)]
mod tests;
