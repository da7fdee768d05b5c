//! Any command as an agent: the prompt goes in, text comes out, and the exit status ends the turn.

mod arguments;

use std::mem;

pub(crate) use arguments::arguments;
use switchboard_domain::{AgentCommand, AgentEvent, MessageBody, Role};

use super::{Output, Protocol, Ticket, Write};
use crate::AgentSpec;
use crate::inbox::Framing;
use crate::launch::PROMPT_PLACEHOLDER;
use crate::line::Exit;

/// The adapter for plain commands. One process serves one turn.
#[derive(Debug)]
pub(crate) struct Exec {
    prompt_is_argument: bool,
    message_bytes_max: usize,
    start: Start,
    announced: bool,
    /// Text of the message under way.
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Awaited,
    Seen,
}

impl Exec {
    pub(crate) fn new(agent: &AgentSpec) -> Self {
        let has_placeholder = |arg: &std::ffi::OsString| arg.to_string_lossy().contains(PROMPT_PLACEHOLDER);
        Self {
            prompt_is_argument: agent.args.iter().any(has_placeholder),
            message_bytes_max: agent.limits.message_bytes_max.max(4),
            start: Start::Awaited,
            announced: false,
            message: String::new(),
        }
    }

    fn start(&mut self, ticket: Ticket, mut prompt: String, out: &mut Output) {
        if self.start == Start::Seen {
            return out.refuse(ticket, "this agent serves one prompt per process");
        }
        self.start = Start::Seen;
        if self.prompt_is_argument {
            prompt.clear();
        } else if !prompt.ends_with('\n') {
            // Programs that read lines would wait for the end of this one.
            prompt.push('\n');
        }
        out.writes.push_back(Write { bytes: prompt.into_bytes(), delivers: Some(ticket), optional: true });
        out.close_input = true;
        self.announce(out);
    }

    fn announce(&mut self, out: &mut Output) {
        if !mem::replace(&mut self.announced, true) {
            out.emit(AgentEvent::SessionStarted { agent_session_id: None }, 0);
        }
    }

    /// Ends the message under way at byte `end`; the rest begins the next one.
    fn cut(&mut self, end: usize, out: &mut Output) {
        let rest = self.message.split_off(end);
        let text = mem::replace(&mut self.message, rest);
        let content = text.trim_end_matches(['\n', '\r']);
        if !content.is_empty() {
            let bytes = content.len();
            out.emit(AgentEvent::Message(MessageBody::text(Role::Assistant, content)), bytes);
        }
    }
}

impl Protocol for Exec {
    fn framing(&self) -> Framing {
        Framing::Text
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        match command {
            AgentCommand::Start(start) => self.start(ticket, start.prompt, out),
            AgentCommand::SendMessage { .. } => out.refuse(ticket, "this agent serves one prompt per process"),
            AgentCommand::AnswerApproval { .. } => out.refuse(ticket, "this agent asks for no approvals"),
            AgentCommand::Abort | AgentCommand::End => {
                out.writes.push_back(Write { bytes: Vec::new(), delivers: Some(ticket), optional: true });
                out.close_input = true;
            }
        }
    }

    fn read(&mut self, text: &str, out: &mut Output) {
        self.announce(out);
        out.emit(AgentEvent::ContentDelta { text: text.to_owned() }, text.len());
        self.message.push_str(text);
        while self.message.len() > self.message_bytes_max {
            let bound = self.message.floor_char_boundary(self.message_bytes_max);
            let line_end = self.message[..bound].rfind('\n').map(|newline| newline + 1);
            self.cut(line_end.unwrap_or(bound), out);
        }
    }

    fn stop(&mut self, out: &mut Output) {
        out.close_input = true;
    }

    fn exited(&mut self, exit: &Exit, out: &mut Output) {
        self.announce(out);
        self.cut(self.message.len(), out);
        out.emit(
            if exit.status.is_success() {
                AgentEvent::Completed { agent_session_id: None, total_cost: None }
            } else {
                AgentEvent::Failed { error: exit.to_string() }
            },
            0,
        );
    }

    fn awaits_start(&self) -> bool {
        self.start == Start::Awaited
    }
}

#[cfg(test)]
mod tests;
