//! Plays recorded and invented conversations through an adapter, in tests.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;
use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, SessionId, StartSession};

use super::Output;
use crate::conversation::Conversation;
use crate::line::Exit;
use crate::{AgentSpec, ExitStatus, LaunchSession, LineEvent, ProtocolKind};

fn session_id() -> SessionId {
    SessionId::new(uuid::Uuid::from_u128(1))
}

/// The first command of a process.
pub(crate) fn start(prompt: &str, resume: Option<&str>) -> AgentCommand {
    AgentCommand::Start(StartSession {
        session_id: session_id(),
        project_path: "/sandbox/project".into(),
        prompt: prompt.into(),
        model: None,
        max_budget: None,
        resume: resume.map(AgentSessionId::new),
    })
}

/// The lines that the program of `transcript` wrote.
pub(crate) fn outputs(transcript: &str) -> Vec<String> {
    let records = transcript.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    records.filter_map(|record| Some(record.get("out")?.to_string())).collect()
}

/// A conversation that is being played.
pub(crate) struct Play {
    conversation: Conversation,
    out: Output,
    story: String,
}

/// A conversation that was played to its end.
pub(crate) struct Played(String);

impl Played {
    /// All that was said to the adapter (`>`), that it wrote (`<`) and that it reported.
    pub(crate) fn story(&self) -> &str {
        &self.0
    }
}

impl Play {
    /// A new process that speaks `protocol` and goes on with `resume`.
    pub(crate) fn new(protocol: ProtocolKind, resume: Option<&str>) -> Self {
        let agent = AgentSpec::new("recorded", protocol, "agent");
        let new = LaunchSession::new(session_id(), "/sandbox/project");
        let session = LaunchSession { resume: resume.map(AgentSessionId::new), ..new };
        let conversation = Conversation::new(&agent, &session);
        Self { conversation, out: Output::default(), story: String::new() }
    }

    /// Plays a recording: what the program wrote is read, and `told` says which command each line of its input
    /// stands for.
    pub(crate) fn transcript(mut self, transcript: &str, told: impl Fn(&Value) -> Option<AgentCommand>) -> Played {
        for record in transcript.lines().skip(1) {
            let record: Value = serde_json::from_str(record).expect("a record");
            if let Some(line) = record.get("out") {
                self.hear(line);
            } else if let Some(command) = record.get("in").and_then(&told) {
                let said = serde_json::to_string(&command).expect("serializes");
                writeln!(self.story, "> {said}").expect("writing to memory");
                self.tell(command);
            }
            self.note();
        }
        self.exit(ExitStatus::Code(0));
        self.note();
        Played(self.story)
    }

    fn note(&mut self) {
        for line in self.written() {
            writeln!(self.story, "< {line}").expect("writing to memory");
        }
        for refusal in self.refused() {
            writeln!(self.story, "refused: {refusal}").expect("writing to memory");
        }
        for event in self.line_events() {
            match event {
                LineEvent::Agent(event) => {
                    writeln!(self.story, "{}", serde_json::to_string(&event).expect("serializes"))
                }
                other => writeln!(self.story, "{other:?}"),
            }
            .expect("writing to memory");
        }
        self.forget();
    }

    pub(crate) fn tell(&mut self, command: AgentCommand) {
        self.conversation.command(command, &mut self.out);
    }

    pub(crate) fn hear(&mut self, line: &Value) {
        self.bytes(format!("{line}\n").as_bytes(), &[4096]);
    }

    /// Reads `bytes` in pieces of `sizes`, again and again.
    pub(crate) fn bytes(&mut self, mut bytes: &[u8], sizes: &[usize]) {
        let mut sizes = sizes.iter().cycle();
        while !bytes.is_empty() {
            let size = sizes.next().copied().unwrap_or(1).clamp(1, bytes.len());
            let (read, later) = bytes.split_at(size);
            bytes = later;
            self.conversation.space().extend_from_slice(read);
            while self.conversation.read_next(&mut self.out) {}
        }
    }

    pub(crate) fn stop(&mut self) {
        self.conversation.stop(&mut self.out);
    }

    pub(crate) fn exit(&mut self, status: ExitStatus) {
        self.conversation.read_last(&mut self.out);
        self.conversation.exited(&Exit { status, stderr_tail: String::new() }, &mut self.out);
    }

    /// Forgets what was written and reported so far.
    pub(crate) fn forget(&mut self) {
        self.out.writes.clear();
        self.out.refusals.clear();
        self.out.events.clear();
    }

    pub(crate) fn written(&self) -> Vec<Value> {
        let writes = self.out.writes.iter().filter(|write| !write.bytes.is_empty());
        writes.map(|write| serde_json::from_slice(&write.bytes).expect("JSON")).collect()
    }

    /// How many commands were delivered so far.
    pub(crate) fn delivered(&self) -> usize {
        self.out.writes.iter().filter(|write| write.delivers.is_some()).count()
    }

    pub(crate) fn refused(&self) -> Vec<String> {
        self.out.refusals.iter().map(|(_, why)| why.clone()).collect()
    }

    pub(crate) const fn closes_input(&self) -> bool {
        self.out.close_input
    }

    pub(crate) fn line_events(&self) -> Vec<LineEvent> {
        self.out.events.iter().map(|(event, _)| event.clone()).collect()
    }

    /// What the agent said, without faults.
    pub(crate) fn events(&self) -> Vec<AgentEvent> {
        let said = self.line_events().into_iter().filter_map(|event| match event {
            LineEvent::Agent(event) => Some(event),
            _ => None,
        });
        said.collect()
    }
}

/// How a line can be spoilt.
#[derive(Clone, Debug)]
pub(crate) enum Spoil {
    Cut(usize),
    Overwrite(usize, u8),
    Insert(usize, Vec<u8>),
}

pub(crate) fn spoils() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        any::<usize>().prop_map(Spoil::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Overwrite(at, byte)),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
    ]
}

pub(crate) fn spoilt(line: &str, spoil: Spoil) -> Vec<u8> {
    let mut line = line.as_bytes().to_vec();
    match spoil {
        Spoil::Cut(at) => line.truncate(at % (line.len() + 1)),
        Spoil::Overwrite(at, byte) => {
            let at = at % line.len();
            line[at] = byte;
        }
        Spoil::Insert(at, bytes) => {
            let at = at % (line.len() + 1);
            line.splice(at..at, bytes);
        }
    }
    line
}
