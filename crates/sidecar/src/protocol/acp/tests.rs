//! Whole conversations, played by hand or from recordings.

mod laws;
mod recorded;
mod scenes;
mod services;

use std::fmt::Write as _;

use serde_json::json;
use switchboard_domain::{SessionId, StartSession};

use super::*;
use crate::line::{ExitStatus, LineEvent};
use crate::{AgentSpec, ProtocolKind};

/// An adapter, the agent it talks to (played by the test), and all that happened between them.
struct Stage {
    acp: Acp,
    out: Output,
    tickets: u64,
    /// What happened: `> ` what was written, `# ` commands settled, everything else is events.
    story: String,
    /// Ids and methods of the adapter's requests, oldest first.
    requests: Vec<(Value, String)>,
}

fn agent() -> AgentSpec {
    AgentSpec::new("agent", ProtocolKind::Acp, "agent")
}

fn begin() -> StartSession {
    StartSession {
        session_id: SessionId::new(uuid::Uuid::nil()),
        project_path: "/p".into(),
        prompt: "hello".into(),
        model: None,
        max_budget: None,
        resume: None,
    }
}

impl Stage {
    fn new(agent: &AgentSpec) -> Self {
        Self { acp: Acp::new(agent), out: Output::default(), tickets: 0, story: String::new(), requests: Vec::new() }
    }

    /// An agent that is in its first turn. What happened before is left out of the story.
    fn in_turn() -> Self {
        let mut stage = Self::new(&agent());
        stage.command(AgentCommand::Start(begin()));
        stage.answer(&json!({"protocolVersion": 1}));
        stage.answer(&json!({"sessionId": "s"}));
        stage.story.clear();
        stage
    }

    fn command(&mut self, command: AgentCommand) {
        self.tickets += 1;
        self.acp.command(Ticket(self.tickets), command, &mut self.out);
        self.note();
    }

    /// The agent says `message`.
    fn say(&mut self, mut message: Value) {
        if let Some(fields) = message.as_object_mut() {
            fields.insert("jsonrpc".into(), json!("2.0"));
        }
        self.read(&message.to_string());
    }

    fn read(&mut self, line: &str) {
        self.acp.read(line, &mut self.out);
        self.note();
    }

    /// The agent answers the last request.
    fn answer(&mut self, result: &Value) {
        let (id, _) = self.requests.last().cloned().expect("a request");
        self.say(json!({"id": id, "result": result}));
    }

    /// The agent refuses the last request.
    fn fail(&mut self, error: &Value) {
        let (id, _) = self.requests.last().cloned().expect("a request");
        self.say(json!({"id": id, "error": error}));
    }

    fn update(&mut self, update: &Value) {
        self.say(json!({"method": "session/update", "params": {"sessionId": "s", "update": update}}));
    }

    fn chunk(&mut self, text: &str) {
        self.update(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}));
    }

    fn ask_permission(&mut self, id: &Value) {
        self.say(json!({"id": id, "method": "session/request_permission", "params": {
            "sessionId": "s",
            "toolCall": {"toolCallId": "t1", "title": "ls", "kind": "execute", "rawInput": {"command": "ls"}},
            "options": [
                {"optionId": "a", "name": "Always", "kind": "allow_always"},
                {"optionId": "y", "name": "Yes", "kind": "allow_once"},
                {"optionId": "n", "name": "No", "kind": "reject_once"},
            ],
        }}));
    }

    fn exit(&mut self) {
        self.acp.exited(&Exit { status: ExitStatus::Signal(9), stderr_tail: String::new() }, &mut self.out);
        self.note();
    }

    /// Writes down what the adapter wants done.
    fn note(&mut self) {
        for (event, _) in self.out.events.drain(..) {
            match event {
                LineEvent::Agent(event) => {
                    let event = serde_json::to_string(&event).expect("serializes");
                    writeln!(self.story, "{event}")
                }
                LineEvent::Fault(fault) => writeln!(self.story, "{:?} {}", fault.kind, fault.sample),
                other @ LineEvent::Exited(_) => writeln!(self.story, "{other:?}"),
            }
            .expect("writing to memory");
        }
        for write in self.out.writes.drain(..) {
            let text = String::from_utf8(write.bytes).expect("UTF-8");
            for line in text.lines() {
                let message: Value = serde_json::from_str(line).expect("JSON");
                if let (Some(id), Some(method)) = (message.get("id"), message.get("method")) {
                    self.requests.push((id.clone(), method.as_str().expect("a name").to_owned()));
                }
                let line = line.replace(env!("CARGO_PKG_VERSION"), "VERSION");
                writeln!(self.story, "> {line}").expect("writing to memory");
            }
            if let Some(Ticket(number)) = write.delivers {
                writeln!(self.story, "# command {number} delivered").expect("writing to memory");
            }
        }
        for (Ticket(number), why) in self.out.refusals.drain(..) {
            writeln!(self.story, "# command {number} refused: {why}").expect("writing to memory");
        }
        if std::mem::take(&mut self.out.close_input) {
            writeln!(self.story, "# input closed").expect("writing to memory");
        }
    }
}
