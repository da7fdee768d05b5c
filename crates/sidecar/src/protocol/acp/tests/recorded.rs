//! What real agents said, as they said it.
//!
//! The recorded client is replaced by the adapter: where the client wrote a prompt, a cancellation or an
//! answer, the adapter is given the command for it, and the recorded answers get the adapter's ids.

use std::collections::HashMap;

use rstest::rstest;

use super::*;

const CLAUDE: &str = include_str!("../../../../tests/testdata/acp-claude-agent-0.49.jsonl");
const CLAUDE_LOAD: &str = include_str!("../../../../tests/testdata/acp-claude-agent-0.49-load.jsonl");
pub(super) const CODEX: &str = include_str!("../../../../tests/testdata/acp-zed-codex-0.16.jsonl");
const GEMINI: &str = include_str!("../../../../tests/testdata/acp-gemini-0.61.jsonl");
const OPENCODE: &str = include_str!("../../../../tests/testdata/acp-opencode-1.18.jsonl");

/// A record: what was written by the client (`in`) or by the agent (`out`).
pub(super) fn records(transcript: &str) -> Vec<Value> {
    let records = transcript.lines().skip(1).map(|line| serde_json::from_str(line).expect("a record"));
    records.filter(|record: &Value| record.get("in").is_some() || record.get("out").is_some()).collect()
}

/// The records up to the point where the client opens another session in the same process.
fn first_session(records: &[Value]) -> &[Value] {
    let opens = |record: &Value| {
        let method = record["in"]["method"].as_str();
        method.is_some_and(|method| matches!(method, "session/new" | "session/load" | "session/resume"))
    };
    let second = records.iter().enumerate().filter(|(_, record)| opens(record)).nth(1);
    &records[..second.map_or(records.len(), |(place, _)| place)]
}

/// Plays a recorded session against the adapter.
struct Player {
    stage: Stage,
    /// Ids of the recorded client's requests, in the order in which the adapter makes them too.
    ids: Vec<Value>,
    /// Kinds of the options of requests for permission, by request and option.
    kinds: HashMap<(String, String), String>,
    /// What the requests are called outside of the protocol.
    names: HashMap<String, RequestId>,
    prompts: usize,
    first_prompt: String,
    resume: Option<AgentSessionId>,
    /// Whether the session was opened by loading it.
    loads: bool,
}

impl Player {
    fn play(records: &[Value]) -> String {
        let prompt = records.iter().find_map(|record| record["in"]["params"]["prompt"][0]["text"].as_str());
        let loads = |record: &&Value| record["in"]["params"]["sessionId"].is_string();
        let opens =
            |record: &&Value| matches!(record["in"]["method"].as_str(), Some("session/load" | "session/resume"));
        let loaded = records.iter().filter(opens).find(loads);
        let mut player = Self {
            stage: Stage::new(&agent()),
            ids: Vec::new(),
            kinds: HashMap::new(),
            names: HashMap::new(),
            prompts: 0,
            first_prompt: prompt.unwrap_or("hello").to_owned(),
            loads: loaded.is_some_and(|record| record["in"]["method"] == "session/load"),
            resume: loaded.and_then(|record| record["in"]["params"]["sessionId"].as_str()).map(AgentSessionId::new),
        };
        for record in records {
            let mut record = record.clone();
            if player.loads {
                // It offers both; this recording is of the one that is only used when the other is not there.
                if let Some(capabilities) = record.pointer_mut("/out/result/agentCapabilities/sessionCapabilities") {
                    capabilities["resume"].take();
                }
            }
            match (record.get("in"), record.get("out")) {
                (Some(input), _) => player.client_wrote(input),
                (_, Some(output)) => player.agent_wrote(output),
                _ => {}
            }
        }
        player.stage.exit();
        player.stage.story
    }

    fn client_wrote(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("initialize") => {
                let (prompt, resume) = (self.first_prompt.clone(), self.resume.clone());
                self.stage.command(AgentCommand::Start(StartSession { prompt, resume, ..begin() }));
            }
            Some("session/prompt") => {
                self.prompts += 1;
                if self.prompts > 1 {
                    let text = params["prompt"][0]["text"].as_str().expect("a prompt").to_owned();
                    self.stage.command(AgentCommand::SendMessage { text });
                }
            }
            Some("session/cancel") => self.stage.command(AgentCommand::Abort),
            None => self.client_answered(message),
            Some(_) => {}
        }
        // The adapter never lists sessions; all else it asks as the recorded client did.
        if message["method"].is_string() && message["method"] != "session/list" {
            self.ids.extend(message.get("id").cloned());
        }
    }

    fn client_answered(&mut self, message: &Value) {
        let request = message["id"].to_string();
        let Some(option) = message["result"]["outcome"]["optionId"].as_str() else { return };
        let kind = &self.kinds[&(request.clone(), option.to_owned())];
        let answer = if kind.starts_with("allow") { Answer::ALLOW } else { Answer::Deny };
        let request_id = self.names[&request].clone();
        self.stage.command(AgentCommand::AnswerApproval { request_id, answer });
    }

    fn agent_wrote(&mut self, message: &Value) {
        let mut message = message.clone();
        if message.get("method").is_none() {
            // What the adapter never asked, it is not told either.
            let Some(place) = self.ids.iter().position(|id| *id == message["id"]) else { return };
            message["id"] = self.stage.requests[place].0.clone();
        }
        for option in message["params"]["options"].as_array().into_iter().flatten() {
            let text = |key: &str| option[key].as_str().expect("text").to_owned();
            self.kinds.insert((message["id"].to_string(), text("optionId")), text("kind"));
        }
        self.stage.read(&message.to_string());
        if message["method"] == "session/request_permission" {
            let name = self.stage.acp.permissions.last().expect("open").request_id.clone();
            self.names.insert(message["id"].to_string(), name);
        }
    }
}

#[rstest]
#[case::claude(CLAUDE)]
#[case::claude_loads(CLAUDE_LOAD)]
#[case::codex(CODEX)]
#[case::gemini(GEMINI)]
#[case::opencode(OPENCODE)]
fn a_recorded_agent_is_understood(#[case] transcript: &str) {
    let records = records(transcript);
    let name = std::thread::current().name().and_then(|name| name.rsplit('_').next().map(str::to_owned));
    let story = Player::play(first_session(&records));
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(format!("acp-{}", name.expect("a test has a name")), story);
    });
}

#[test]
fn resuming_tells_nothing_again() {
    let records = records(CLAUDE_LOAD);
    let resume = records.iter().position(|record| record["in"]["method"] == "session/resume").expect("recorded");
    let records: Vec<Value> = records[..2].iter().chain(&records[resume..]).cloned().collect();
    let story = Player::play(&records);
    assert!(story.contains("> {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session/resume\""), "{story}");
    assert!(!story.contains("\"type\":\"message\""), "{story}");
}
