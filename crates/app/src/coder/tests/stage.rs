//! Plays Switchboard: starts the agent on a pipe, tells it things, and hears what it says.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeWriter, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_domain::Cost;
use switchboard_sidecar::worker::Worker;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::endpoints;
use crate::coder::settings::CoderArgs;
use crate::coder::wire::Api;
use crate::coder::{Settings, serve};

/// Nothing here takes nearly as long, even on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

const SESSION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// An agent, its endpoint and its project.
pub(super) struct Stage {
    server: Option<MockServer>,
    folder: TempDir,
    settings: Settings,
    agent: Agent,
    budget: Option<f64>,
    resume: Option<String>,
}

/// A running agent.
struct Agent {
    input: PipeWriter,
    output: mpsc::Receiver<Value>,
    task: JoinHandle<()>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What an agent said.
#[derive(Debug)]
pub(super) struct Said(Vec<Value>);

impl Said {
    /// The kind of everything, in order.
    pub(super) fn kinds(&self) -> Vec<&str> {
        self.0.iter().filter_map(|line| line["type"].as_str()).collect()
    }

    /// All of one kind.
    pub(super) fn all<'a, 'k>(&'a self, kind: &'k str) -> impl Iterator<Item = &'a Value> + use<'a, 'k> {
        self.0.iter().filter(move |line| line["type"] == kind)
    }

    /// The first of one kind.
    #[track_caller]
    pub(super) fn of(&self, kind: &str) -> &Value {
        self.all(kind).next().unwrap_or_else(|| panic!("no {kind} in {:#?}", self.0))
    }

    /// Why the turn failed.
    #[track_caller]
    pub(super) fn error(&self) -> &str {
        self.of("session_failed")["error"].as_str().expect("a text")
    }
}

/// Answers in turn.
struct Answers(Mutex<VecDeque<ResponseTemplate>>);

impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let next = self.0.lock().expect("nobody panics with it").pop_front();
        next.unwrap_or_else(|| ResponseTemplate::new(410).set_body_string("nothing more was expected"))
    }
}

impl Stage {
    /// An endpoint that speaks `api` and gives these answers, one for each question.
    pub(super) async fn with(api: Api, answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        let server = MockServer::start().await;
        let answers = Answers(Mutex::new(answers.into_iter().collect()));
        Mock::given(any()).respond_with(answers).mount(&server).await;
        let address = server.uri();
        Self { server: Some(server), ..Self::at(address, api) }
    }

    /// An endpoint that begins an answer and never ends it.
    pub(super) async fn with_endless_stream() -> Self {
        Self::at(endpoints::endless().await, Api::Chat)
    }

    fn at(address: String, api: Api) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("project")).expect("a folder");
        let args = CoderArgs {
            endpoint: Some(address),
            api,
            model: Some("model".into()),
            key_env: Some("MODEL_KEY".into()),
            input_price: Cost::from_usd(3.0),
            output_price: Cost::from_usd(15.0),
            token_budget: None,
            context_tokens: 100_000,
            output_tokens: 1_000,
            memory: Some(folder.path().join("memory")),
        };
        let key = |_: &str| Some("sk-secret".to_owned());
        let settings = Settings::new(&args, key).expect("sound").expect("an endpoint");
        let agent = Agent::start(settings.clone());
        Self { server: None, folder, settings, agent, budget: None, resume: None }
    }

    /// A file of the project.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("project").join(name)
    }

    /// The most the session may cost, from its beginning on.
    pub(super) fn limit(&mut self, dollars: f64) {
        self.budget = Some(dollars);
    }

    /// Another process of the agent, which is to resume a conversation.
    pub(super) fn restart(&mut self, resume: Option<&str>) {
        self.agent = Agent::start(self.settings.clone());
        self.resume = resume.map(str::to_owned);
    }

    /// Begins the session.
    pub(super) fn begin(&mut self, prompt: &str) -> &mut Self {
        self.tell(&json!({
            "type": "start_session", "sessionId": SESSION, "projectPath": self.folder.path().join("project"),
            "prompt": prompt, "maxBudgetUsd": self.budget, "resumeSessionId": self.resume,
        }));
        self
    }

    /// Begins the session and hears its first turn.
    pub(super) async fn turn(&mut self, prompt: &str) -> Said {
        self.begin(prompt).end_of_turn().await
    }

    /// Says something more and hears what comes of it.
    pub(super) async fn follow_up(&mut self, message: &str) -> Said {
        self.tell(&json!({"type": "send_message", "sessionId": SESSION, "message": message}));
        self.end_of_turn().await
    }

    /// Answers the question in `asked`.
    pub(super) fn answer(&mut self, asked: &Said, allowed: bool) {
        let request = &asked.of("tool_approval_request")["requestId"];
        self.tell(&json!({"type": "tool_approval_response", "requestId": request, "allowed": allowed}));
    }

    /// Aborts the turn.
    pub(super) fn abort(&mut self) {
        self.tell(&json!({"type": "abort_session", "sessionId": SESSION}));
    }

    /// Hears everything up to the first of this kind.
    pub(super) async fn until(&mut self, kind: &str) -> Said {
        self.hear(|line| line["type"] == kind).await
    }

    async fn end_of_turn(&mut self) -> Said {
        self.hear(|line| line["type"] == "session_completed" || line["type"] == "session_failed").await
    }

    async fn hear(&mut self, is_last: impl Fn(&Value) -> bool) -> Said {
        let mut said = Vec::new();
        let hearing = async {
            while let Some(line) = self.agent.output.recv().await {
                said.push(line);
                if said.last().is_some_and(&is_last) {
                    return true;
                }
            }
            false
        };
        match tokio::time::timeout(PATIENCE, hearing).await {
            Ok(true) => Said(said),
            ended => panic!("heard in vain ({ended:?}): {said:#?}"),
        }
    }

    /// What the endpoint was asked.
    pub(super) async fn requests(&self) -> Vec<Value> {
        let server = self.server.as_ref().expect("an endpoint that keeps what it was asked");
        let requests = server.received_requests().await.expect("it keeps them");
        requests.iter().map(|request| request.body_json().expect("JSON")).collect()
    }

    /// Waits until the endpoint was asked this many times.
    pub(super) async fn has_been_asked(&self, times: usize) {
        let asked = async {
            while self.requests().await.len() < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("in time");
    }

    /// Waits until there is a file.
    pub(super) async fn has_file(&self, name: &str) {
        let there = async {
            while !self.file(name).exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, there).await.expect("in time");
    }

    fn tell(&mut self, message: &Value) {
        writeln!(self.agent.input, "{message}").expect("it listens");
    }
}

impl Agent {
    fn start(settings: Settings) -> Self {
        let (their_input, input) = std::io::pipe().expect("a pipe");
        let (our_output, their_output) = std::io::pipe().expect("a pipe");
        let (lines, output) = mpsc::channel(64);
        thread::spawn(move || {
            for line in BufReader::new(our_output).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("JSON");
                if lines.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        let worker = Worker::over(their_input, their_output);
        let task = tokio::spawn(async move { serve(settings, worker).await.expect("served") });
        Self { input, output, task }
    }
}
