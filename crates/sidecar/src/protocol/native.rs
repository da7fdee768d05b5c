//! Switchboard's own protocol.

use serde_json::Value;
use switchboard_domain::{AgentCommand, AgentEvent, SessionId};

use super::{Output, Protocol, Ticket};
use crate::inbox::Framing;
use crate::line::Exit;
use crate::wire::{Incoming, OUTGOING_NAMES, Outgoing};
use crate::{FaultKind, LineFault};

/// What every message begins with; looked for behind junk that has no line end of its own.
const MESSAGE_START: &str = "{\"";

/// The adapter for the native protocol.
#[derive(Debug)]
pub(crate) struct Native {
    session_id: SessionId,
    turn: Turn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Idle,
    UnderWay,
}

impl Native {
    pub(crate) const fn new(session_id: SessionId) -> Self {
        Self { session_id, turn: Turn::Idle }
    }

    fn line(&self, command: AgentCommand) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(&Incoming::from_command(self.session_id, command))?;
        line.push(b'\n');
        Ok(line)
    }

    fn deliver(&mut self, message: Outgoing, line: &str, out: &mut Output) {
        if message.session_id().is_some_and(|id| id != self.session_id) {
            return out.fault(FaultKind::WrongSession, line);
        }
        let event = message.into_event();
        if matches!(event, AgentEvent::Completed { .. } | AgentEvent::Failed { .. }) {
            self.turn = Turn::Idle;
        }
        out.emit(event, line.len());
    }

    /// A JSON object that is no message we know: somebody else's, a newer one, or a broken one.
    fn puzzle(&self, raw: Value, line: &str, error: &serde_json::Error, out: &mut Output) {
        let Some(kind) = raw.get("type").and_then(Value::as_str) else {
            return out.fault(FaultKind::Junk, line);
        };
        if let Some(id) = raw.get("sessionId").and_then(Value::as_str)
            && id.parse() != Ok(self.session_id)
        {
            return out.fault(FaultKind::WrongSession, line);
        }
        if OUTGOING_NAMES.contains(&kind) {
            out.push_fault(LineFault::new(FaultKind::Malformed, line).because(error));
        }
        out.emit(AgentEvent::Unknown { kind: kind.to_owned(), raw }, line.len());
    }

    fn read_behind_junk(&mut self, line: &str, out: &mut Output) {
        let message = line.find(MESSAGE_START).filter(|&start| start > 0).map(|start| line.split_at(start));
        match message.map(|(junk, rest)| (junk, rest, serde_json::from_str(rest))) {
            Some((junk, rest, Ok(message))) => {
                out.fault(FaultKind::Junk, junk);
                self.deliver(message, rest, out);
            }
            _ => out.fault(FaultKind::Junk, line),
        }
    }
}

impl Protocol for Native {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        let begins = matches!(command, AgentCommand::Start(_) | AgentCommand::SendMessage { .. });
        let ends = matches!(command, AgentCommand::End);
        match self.line(command) {
            Ok(line) => out.deliver(ticket, line),
            // The one thing in a command that JSON cannot hold.
            Err(_) => return out.refuse(ticket, "the project's path is not UTF-8, which this agent's protocol needs"),
        }
        if begins {
            self.turn = Turn::UnderWay;
        }
        out.close_input |= ends;
    }

    fn read(&mut self, line: &str, out: &mut Output) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_str::<Outgoing>(line) {
            Ok(message) => self.deliver(message, line, out),
            Err(error) => match serde_json::from_str::<Value>(line) {
                Ok(raw) => self.puzzle(raw, line, &error, out),
                Err(_) => self.read_behind_junk(line, out),
            },
        }
    }

    fn stop(&mut self, out: &mut Output) {
        let abort = (self.turn == Turn::UnderWay).then_some(AgentCommand::Abort);
        for command in abort.into_iter().chain([AgentCommand::End]) {
            // Neither holds a path, so both can be written.
            if let Ok(line) = self.line(command) {
                out.write(line);
            }
        }
        out.close_input = true;
    }

    fn exited(&mut self, _exit: &Exit, _out: &mut Output) {
        self.turn = Turn::Idle;
    }
}

#[cfg(test)]
mod tests;
