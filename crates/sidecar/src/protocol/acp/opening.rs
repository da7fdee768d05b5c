//! From nothing to the first prompt: what both sides can do, a session, and what is chosen in it.

use std::collections::VecDeque;
use std::mem;

use agent_client_protocol_schema::ProtocolVersion;
use agent_client_protocol_schema::v1::{
    AGENT_METHOD_NAMES, AgentCapabilities, ClientCapabilities, Error, FileSystemCapabilities, Implementation,
    InitializeRequest, InitializeResponse, LoadSessionRequest, NewSessionRequest, ResumeSessionRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_domain::{AgentEvent, StartSession};

use super::complaint::{Login, explain, needs_login};
use super::offer::{Choice, Step};
use super::{Acp, Awaited, Phase};
use crate::protocol::{Output, Ticket};

/// A start that is under way.
#[derive(Debug)]
pub(super) struct Opening {
    ticket: Ticket,
    start: StartSession,
    /// Whether the agent is telling an old conversation again.
    replays: bool,
    /// What is still to be chosen.
    steps: VecDeque<Step>,
}

impl Acp {
    pub(super) fn start(&mut self, ticket: Ticket, start: StartSession, out: &mut Output) {
        match &self.phase {
            Phase::Fresh => {}
            Phase::Failed(why) => return out.refuse(ticket, why.clone()),
            _ => return out.refuse(ticket, "a session was started already"),
        }
        self.phase = Phase::Opening(Box::new(Opening { ticket, start, replays: false, steps: VecDeque::new() }));
        let us = Implementation::new("switchboard", env!("CARGO_PKG_VERSION"));
        let files = FileSystemCapabilities::new().read_text_file(true).write_text_file(true);
        let we_can = ClientCapabilities::new().fs(files).terminal(true);
        let hello = InitializeRequest::new(ProtocolVersion::V1).client_capabilities(we_can).client_info(us);
        let asked = self.ask(Awaited::Initialized, AGENT_METHOD_NAMES.initialize, hello, None, out);
        self.unless_unsayable(&asked, out);
    }

    pub(super) fn initialized(&mut self, outcome: Result<&Value, Error>, out: &mut Output) {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => return self.refused("the agent refused to begin", &error, out),
        };
        let Ok(agent) = InitializeResponse::deserialize(result) else {
            return self.fail_start(format!("the agent's greeting makes no sense: {result}"), out);
        };
        if agent.protocol_version != ProtocolVersion::V1 {
            let version = agent.protocol_version;
            let why = format!("the agent speaks version {version} of the protocol, and only version 1 is understood");
            return self.fail_start(why, out);
        }
        self.logins = Login::offered(result);
        self.open(&agent.agent_capabilities, out);
    }

    fn open(&mut self, agent: &AgentCapabilities, out: &mut Output) {
        let Phase::Opening(opening) = &mut self.phase else { return };
        let folder = opening.start.project_path.clone();
        let asked = match opening.start.resume.as_ref().map(|id| id.as_str().to_owned()) {
            None => {
                let new = NewSessionRequest::new(folder);
                self.ask(Awaited::Opened, AGENT_METHOD_NAMES.session_new, new, None, out)
            }
            Some(id) if agent.session_capabilities.resume.is_some() => {
                self.session.clone_from(&id);
                let resume = ResumeSessionRequest::new(id, folder);
                self.ask(Awaited::Opened, AGENT_METHOD_NAMES.session_resume, resume, None, out)
            }
            Some(id) if agent.load_session => {
                opening.replays = true;
                self.session.clone_from(&id);
                let load = LoadSessionRequest::new(id, folder);
                self.ask(Awaited::Opened, AGENT_METHOD_NAMES.session_load, load, None, out)
            }
            Some(_) => {
                let why = "the agent cannot go on with an earlier conversation; start a new session";
                return self.fail_start(why.to_owned(), out);
            }
        };
        self.unless_unsayable(&asked, out);
    }

    pub(super) fn opened(&mut self, outcome: Result<&Value, Error>, out: &mut Output) {
        let Phase::Opening(opening) = &mut self.phase else { return };
        opening.replays = false;
        let opened = match outcome {
            Ok(opened) => opened,
            Err(error) => {
                let what = opening.start.resume.as_ref().map_or_else(
                    || "the agent opened no session".to_owned(),
                    |id| format!("the agent cannot go on with the conversation {}", id.as_str()),
                );
                return self.refused(&what, &error, out);
            }
        };
        if let Some(id) = opened.get("sessionId").and_then(Value::as_str) {
            id.clone_into(&mut self.session);
        }
        if self.session.is_empty() {
            return self.fail_start(format!("the agent's session has no id: {opened}"), out);
        }
        if opening.start.resume.as_ref().is_some_and(|id| id.as_str() != self.session) {
            let message = "the agent went on in another conversation than the one it was asked for".to_owned();
            out.emit(AgentEvent::Warning { message }, 0);
        }
        let wishes = [(Choice::Mode, &self.mode), (Choice::Model, &opening.start.model)];
        let wishes = wishes.into_iter().filter_map(|(choice, wish)| Some((choice, wish.as_deref()?)));
        match wishes.filter_map(|(choice, wish)| choice.step(wish, opened).transpose()).collect() {
            Ok(steps) => opening.steps = steps,
            Err(why) => return self.fail_start(why, out),
        }
        self.next_step(out);
    }

    pub(super) fn chosen(&mut self, purpose: &str, outcome: Result<&Value, Error>, out: &mut Output) {
        match outcome {
            Ok(_) => self.next_step(out),
            Err(error) => self.refused(&format!("the agent refused to {purpose}"), &error, out),
        }
    }

    /// Makes the next choice, or sends the first prompt.
    fn next_step(&mut self, out: &mut Output) {
        let Phase::Opening(opening) = &mut self.phase else { return };
        if let Some(mut step) = opening.steps.pop_front() {
            step.params["sessionId"] = json!(self.session);
            let asked = self.ask(Awaited::Chosen(step.purpose), step.method, step.params, None, out);
            return self.unless_unsayable(&asked, out);
        }
        let (ticket, prompt) = (opening.ticket, mem::take(&mut opening.start.prompt));
        out.emit(AgentEvent::SessionStarted { agent_session_id: Some(self.agent_session_id()) }, 0);
        self.prompt(ticket, prompt, out);
    }

    /// Whether the agent is telling again what it said in an earlier process.
    pub(super) fn is_replaying(&self) -> bool {
        matches!(&self.phase, Phase::Opening(opening) if opening.replays)
    }

    /// The agent will not get ready: the first prompt is refused.
    pub(super) fn fail_start(&mut self, why: String, out: &mut Output) {
        if let Phase::Opening(opening) = mem::replace(&mut self.phase, Phase::Failed(why.clone())) {
            out.refuse(opening.ticket, why);
        }
        self.awaited = None;
    }

    fn refused(&mut self, what: &str, error: &Error, out: &mut Output) {
        let why = explain(error, &self.logins);
        let why = if needs_login(error) { why } else { format!("{what}: {why}") };
        self.fail_start(why, out);
    }

    fn unless_unsayable(&mut self, asked: &Result<(), serde_json::Error>, out: &mut Output) {
        if asked.is_err() {
            // The one thing in a command that JSON cannot hold.
            let why = "the project's path is not UTF-8, which this agent's protocol needs";
            self.fail_start(why.to_owned(), out);
        }
    }
}
