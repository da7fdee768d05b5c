//! Claude Code's stream-json: one process, many turns, permissions on a control channel.
//!
//! The model's words come three times: in pieces (`stream_event`), block by block (`assistant`), and the
//! last of them once more in the `result` that ends a turn. The pieces become deltas, the blocks messages.
//! What a subagent says stays with it: the result of the tool call that started it carries its report.

mod arguments;
mod content;
mod control;
mod ending;

pub(crate) use arguments::arguments;
use serde_json::{Value, json};
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, MessageBody, RateLimit, Role};

use self::content::{RunningTools, Tokens, message, usage};
use self::control::Control;
use self::ending::{Spending, failure};
use super::held::HeldMessage;
use super::json_line::{object_on, to_line};
use super::puzzle::Puzzle;
use super::{Output, Protocol, Ticket};
use crate::inbox::Framing;
use crate::line::Exit;
use crate::wire::{moment, rate_limit_status};
use crate::{FaultKind, LaunchSession};

/// The adapter for Claude Code.
#[derive(Debug)]
pub(crate) struct Claude {
    /// The conversation the process was started to go on with.
    resumes: Option<AgentSessionId>,
    /// Whether it has said which conversation it is in.
    has_begun: bool,
    turn: Turn,
    /// Whether it shall exit as soon as the turn that was asked for has begun and can be interrupted.
    stops_at_begin: bool,
    held: HeldMessage,
    control: Control,
    tools: RunningTools,
    tokens: Tokens,
    spending: Spending,
}

#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Idle,
    /// Asked for. Interrupts wait until it has begun: before that Claude Code accepts them without effect.
    Starting {
        interrupts: Vec<Ticket>,
    },
    UnderWay,
    /// Told to end early.
    Interrupted,
}

impl Claude {
    pub(crate) fn new(session: &LaunchSession) -> Self {
        Self {
            resumes: session.resume.clone(),
            has_begun: false,
            turn: Turn::Idle,
            stops_at_begin: false,
            held: HeldMessage::default(),
            control: Control::default(),
            tools: RunningTools::default(),
            tokens: Tokens::default(),
            spending: Spending::default(),
        }
    }

    fn prompt(&mut self, ticket: Ticket, text: &str, out: &mut Output) {
        self.turn = Turn::Starting { interrupts: Vec::new() };
        let message = json!({"role": "user", "content": text});
        out.deliver(
            ticket,
            to_line(&json!({"type": "user", "session_id": "", "parent_tool_use_id": null, "message": message})),
        );
    }

    fn interrupt(&mut self, ticket: Ticket, out: &mut Output) {
        match &mut self.turn {
            Turn::Idle => out.deliver(ticket, Vec::new()),
            Turn::Starting { interrupts } => interrupts.push(ticket),
            Turn::UnderWay | Turn::Interrupted => {
                self.turn = Turn::Interrupted;
                out.deliver(ticket, self.control.interrupt());
            }
        }
    }

    fn turn_begun(&mut self, out: &mut Output) {
        let interrupts = match &mut self.turn {
            Turn::UnderWay | Turn::Interrupted => return,
            Turn::Idle => Vec::new(),
            Turn::Starting { interrupts } => std::mem::take(interrupts),
        };
        self.turn = Turn::UnderWay;
        for ticket in interrupts {
            self.interrupt(ticket, out);
        }
        if self.stops_at_begin {
            self.stop(out);
        }
    }

    fn understand(&mut self, line: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        let kind = line["type"].as_str().unwrap_or_default();
        let is_subagents = !line["parent_tool_use_id"].is_null();
        match kind {
            "stream_event" | "assistant" | "user" | "tool_progress" if is_subagents => Ok(()),
            "stream_event" => self.streamed(&line["event"], bytes, out),
            "assistant" => self.block_finished(&line["message"], bytes, out),
            "user" => {
                self.tools_finished(&line["message"], bytes, out);
                Ok(())
            }
            "system" => self.system(line, bytes, out),
            "result" => {
                self.turn_ended(line, out);
                Ok(())
            }
            "control_request" => {
                self.held.release(out);
                self.control.requested(line, bytes, out)
            }
            "control_cancel_request" => self.control.withdrawn(line, out),
            "control_response" => {
                control::answered(line, out);
                Ok(())
            }
            "rate_limit_event" => rate_limited(&line["rate_limit_info"], out),
            "tool_progress" => tool_progressed(line, out),
            "keep_alive" | "tool_use_summary" | "prompt_suggestion" | "auth_status" => Ok(()),
            other => Err(Puzzle::Unknown(other.to_owned())),
        }
    }

    fn system(&mut self, line: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        match line["subtype"].as_str().unwrap_or_default() {
            "init" => {
                self.turn_begun(out);
                let agent_session_id = line["session_id"].as_str().map(AgentSessionId::new);
                self.check_resumption(agent_session_id.as_ref(), out);
                out.emit(AgentEvent::SessionStarted { agent_session_id }, 0);
            }
            "api_retry" => out.emit(AgentEvent::Warning { message: retry(line) }, 0),
            "compact_boundary" => self.note("The conversation so far was summarized to make room.", bytes, out),
            "informational" | "local_command_output" => {
                self.note(line["content"].as_str().unwrap_or_default(), bytes, out);
            }
            "status"
            | "thinking_tokens"
            | "hook_started"
            | "hook_progress"
            | "hook_response"
            | "task_started"
            | "task_updated"
            | "task_progress"
            | "task_notification"
            | "background_tasks_changed"
            | "session_state_changed"
            | "commands_changed"
            | "notification"
            | "files_persisted"
            | "memory_recall"
            | "permission_denied"
            | "plugin_install"
            | "worker_shutting_down" => {}
            other => return Err(Puzzle::Unknown(format!("system/{other}"))),
        }
        Ok(())
    }

    /// Tells once when the process does not go on with what it was started for.
    fn check_resumption(&mut self, begun: Option<&AgentSessionId>, out: &mut Output) {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if is_first && self.resumes.is_some() && begun.is_some() && self.resumes.as_ref() != begun {
            let message = "Claude Code went on in another conversation than the one it was asked for".to_owned();
            out.emit(AgentEvent::Warning { message }, 0);
        }
    }

    /// Something Claude Code says itself.
    fn note(&mut self, text: &str, bytes: usize, out: &mut Output) {
        if !text.is_empty() {
            self.held.put(MessageBody::text(Role::System, text), bytes, out);
        }
    }

    /// A piece of the message under way.
    fn streamed(&mut self, event: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        match event["type"].as_str().ok_or(Puzzle::Malformed("a stream event without type"))? {
            "message_start" => {
                self.held.release(out);
                self.tokens.message_started(usage(&event["message"]["usage"]));
            }
            "content_block_start" => self.held.release(out),
            "content_block_delta" => {
                self.held.release(out);
                let delta = &event["delta"];
                if let Some(text) = delta["text"].as_str() {
                    out.emit(AgentEvent::ContentDelta { text: text.to_owned() }, bytes);
                } else if let Some(text) = delta["thinking"].as_str() {
                    out.emit(AgentEvent::ThinkingDelta { text: text.to_owned() }, bytes);
                }
            }
            "message_delta" => self.held.add(self.tokens.message_ended(usage(&event["usage"]))),
            _ => {}
        }
        Ok(())
    }

    fn block_finished(&mut self, block: &Value, bytes: usize, out: &mut Output) -> Result<(), Puzzle> {
        if let Some(message) = message(block).map_err(Puzzle::Malformed)? {
            self.tools.begin(&message);
            self.held.put(message, bytes, out);
        }
        Ok(())
    }

    fn tools_finished(&mut self, message: &Value, bytes: usize, out: &mut Output) {
        for result in self.tools.finish(&message["content"]) {
            self.held.release(out);
            out.emit(AgentEvent::ToolResult(result), bytes);
        }
    }

    fn turn_ended(&mut self, result: &Value, out: &mut Output) {
        let ended = std::mem::replace(&mut self.turn, Turn::Idle);
        let interrupted = ended == Turn::Interrupted;
        out.close_input |= self.stops_at_begin;
        if let Turn::Starting { interrupts } = ended {
            for ticket in interrupts {
                out.deliver(ticket, Vec::new());
            }
        }
        self.held.add(self.tokens.turn_ended(usage(&result["usage"])));
        self.held.end_turn(out);
        self.tools.clear();
        self.control.withdraw_all(out);
        let agent_session_id = result["session_id"].as_str().map(AgentSessionId::new);
        let total_cost = self.spending.total(result);
        // A turn that was told to end early ended as it should, though Claude Code calls it an error.
        match failure(result, self.resumes.as_ref()).filter(|_| !interrupted) {
            Some(error) => {
                out.emit_spending(total_cost);
                out.emit(AgentEvent::Failed { error }, 0);
            }
            None => out.emit(AgentEvent::Completed { agent_session_id, total_cost }, 0),
        }
    }
}

fn retry(line: &Value) -> String {
    let status = line["error_status"].as_u64().map_or_else(String::new, |status| format!(" with HTTP {status}"));
    let (attempt, most) = (line["attempt"].as_u64().unwrap_or(1), line["max_retries"].as_u64().unwrap_or(0));
    format!("the model's service failed{status}; trying again ({attempt} of {most})")
}

fn rate_limited(limit: &Value, out: &mut Output) -> Result<(), Puzzle> {
    let status = rate_limit_status(&limit["status"]);
    let status = status.map_err(|_| Puzzle::Malformed("a rate limit without a known status"))?;
    let resets_at = moment(&limit["resetsAt"]).ok().flatten();
    let kind = limit["rateLimitType"].as_str().map(str::to_owned);
    out.emit(AgentEvent::RateLimit(RateLimit { status, resets_at, kind }), 0);
    Ok(())
}

fn tool_progressed(line: &Value, out: &mut Output) -> Result<(), Puzzle> {
    let tool_name = line["tool_name"].as_str().ok_or(Puzzle::Malformed("tool progress without a tool"))?.to_owned();
    let seconds = line["elapsed_time_seconds"].as_f64().unwrap_or(0.0);
    let elapsed = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    out.emit(AgentEvent::ToolProgress { tool_name, elapsed }, 0);
    Ok(())
}

impl Protocol for Claude {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        match command {
            // Which conversation goes on was said in the arguments; a different one now would be the wrong one.
            AgentCommand::Start(start) if start.resume != self.resumes => {
                out.refuse(ticket, "the agent was started for another conversation");
            }
            AgentCommand::Start(start) => self.prompt(ticket, &start.prompt, out),
            AgentCommand::SendMessage { text } => self.prompt(ticket, &text, out),
            AgentCommand::AnswerApproval { request_id, answer } => {
                self.control.answer(ticket, &request_id, answer, out);
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
        let Some(kind) = value["type"].as_str().map(str::to_owned) else {
            return out.fault(FaultKind::Junk, line);
        };
        if let Err(puzzle) = self.understand(&value, line.len(), out) {
            puzzle.keep(kind, value, line, out);
        }
    }

    fn stop(&mut self, out: &mut Output) {
        // Once it was given a prompt, the end of its input alone does not end it.
        self.stops_at_begin = matches!(self.turn, Turn::Starting { .. });
        if self.turn == Turn::UnderWay {
            self.turn = Turn::Interrupted;
            let interrupt = self.control.interrupt();
            out.write(interrupt);
        }
        out.close_input |= !self.stops_at_begin;
    }

    fn exited(&mut self, _exit: &Exit, out: &mut Output) {
        self.turn = Turn::Idle;
        self.held.end_turn(out);
    }
}

#[cfg(test)]
mod tests;
