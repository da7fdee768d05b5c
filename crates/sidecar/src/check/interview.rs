//! The adapter that greets an agent, and nothing more.

use std::sync::{Arc, OnceLock};

use serde_json::Value;
use switchboard_domain::{AgentCommand, AgentEvent};

use super::{CheckError, Findings};
use crate::inbox::Framing;
use crate::line::Exit;
use crate::protocol::json_line::{object_on, to_line};
use crate::protocol::{Output, Protocol, Ticket};

/// How the interview ended, once it has.
pub(super) type Verdict = OnceLock<Result<Findings, Complaint>>;

/// What an agent says against working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// Nobody is logged in; what it says about that.
    NotLoggedIn(String),
    /// Anything else.
    Refused(String),
}

impl From<Complaint> for CheckError {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            Complaint::NotLoggedIn(said) => Self::NotLoggedIn { said },
            Complaint::Refused(said) => Self::Refused { said },
        }
    }
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Nothing: more must be heard first.
    Listen,
    /// These lines.
    Say(Vec<Value>),
    /// Nothing more: all is known.
    Done(Result<Findings, Complaint>),
}

/// The greeting of a protocol. Pure.
pub(super) trait Handshake: Send {
    /// What is said first, in this folder; `None` when the end of the input is all there is to say.
    fn begin(&mut self, folder: &str) -> Option<Vec<Value>>;

    /// The agent said `message`.
    fn hear(&mut self, message: &Value) -> Step;
}

/// The adapter.
pub(super) struct Interview {
    handshake: Box<dyn Handshake>,
    verdict: Arc<Verdict>,
}

impl Interview {
    pub(super) fn new(handshake: Box<dyn Handshake>, verdict: Arc<Verdict>) -> Self {
        Self { handshake, verdict }
    }

    fn say(lines: &[Value], out: &mut Output) {
        for line in lines {
            out.write(to_line(line));
        }
    }

    fn hear(&mut self, message: &Value, out: &mut Output) {
        if self.verdict.get().is_some() {
            return;
        }
        match self.handshake.hear(message) {
            Step::Listen => {}
            Step::Say(lines) => Self::say(&lines, out),
            Step::Done(verdict) => {
                // Nobody else sets it.
                let _first = self.verdict.set(verdict);
                out.emit(AgentEvent::Completed { agent_session_id: None, total_cost: None }, 0);
            }
        }
    }
}

impl Protocol for Interview {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output) {
        if let AgentCommand::Start(start) = command {
            match self.handshake.begin(&start.project_path.to_string_lossy()) {
                Some(lines) => Self::say(&lines, out),
                None => out.close_input = true,
            }
        }
        out.deliver(ticket, Vec::new());
    }

    fn read(&mut self, line: &str, out: &mut Output) {
        if let Some(message) = object_on(line, out) {
            self.hear(&message, out);
        }
    }

    fn stop(&mut self, out: &mut Output) {
        out.close_input = true;
    }

    fn exited(&mut self, _exit: &Exit, _out: &mut Output) {}
}

/// Lists of an agent are cut here: more than anybody reads.
const LISTED_MAX: usize = 50;

/// The texts called `name` in a list of objects.
pub(super) fn texts(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[name].as_str()).take(LISTED_MAX).map(str::to_owned).collect()
}

/// The number of the request that `message` answers; some agents send it back as text.
pub(super) fn answered(message: &Value) -> Option<u64> {
    let is_answer = message.get("result").is_some() || message.get("error").is_some();
    let id = message.get("id").filter(|_| is_answer)?;
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}
