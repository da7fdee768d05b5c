//! Scenes of one process over several turns: through the library that supervises agents.

use std::path::PathBuf;
use std::time::Duration;

use switchboard_domain::{AgentCommand, AgentEvent, AgentSessionId, Answer, RequestId, SessionId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, Environment, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind,
    SendError, StopPolicy,
};
use switchboard_tests::{PATIENCE, program};
use tokio::runtime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::cast::{Role, Speaks};
use crate::stage::Stage;

/// A conversation that no agent has ever had.
const UNKNOWN: &str = "0192f0c1-2345-7890-8bcd-ef0123456789";

pub(crate) fn follow_up(stage: &Stage<'_>) -> String {
    play(stage, async |mut talk| {
        talk.begin("say hello", None).await.expect("it is told");
        talk.ends_well().await;
        talk.say("and now?").await;
        talk.ends_well().await;
        talk.end().await;
        assert!(stage.model_was_told("and now?", "say hello"), "the model was not told what was said before");
        String::new()
    })
}

pub(crate) fn interrupt_and_go_on(stage: &Stage<'_>) -> String {
    play(stage, async |mut talk| {
        talk.begin("SLOW please", None).await.expect("it is told");
        talk.until("a few words", |event| matches!(event, AgentEvent::ContentDelta { text } if text.contains("w2")))
            .await;
        talk.tell(AgentCommand::Abort).await;
        talk.stops().await;
        talk.say("and now?").await;
        talk.ends_well().await;
        talk.end().await;
        String::new()
    })
}

pub(crate) fn interrupt_while_asking(stage: &Stage<'_>) -> String {
    play(stage, async |mut talk| {
        talk.begin(stage.role.tool_prompt(), None).await.expect("it is told");
        let asked = talk.request().await;
        talk.tell(AgentCommand::Abort).await;
        talk.stops().await;
        // In the native protocol the end of a turn withdraws all that was asked in it.
        assert!(talk.agent.protocol == ProtocolKind::Native || talk.was_withdrawn(&asked), "the request stayed open");
        assert!(!stage.made_file().exists(), "the command ran");
        talk.say("and now?").await;
        talk.ends_well().await;
        talk.end().await;
        String::new()
    })
}

pub(crate) fn allow_and_go_on(stage: &Stage<'_>) -> String {
    play(stage, async |mut talk| {
        talk.begin(stage.role.tool_prompt(), None).await.expect("it is told");
        let request_id = talk.request().await;
        talk.tell(AgentCommand::AnswerApproval { request_id, answer: Answer::Deny }).await;
        let _either = talk.turn_end().await;
        talk.say(stage.role.tool_prompt()).await;
        let request_id = talk.request().await;
        talk.tell(AgentCommand::AnswerApproval { request_id, answer: Answer::ALLOW }).await;
        talk.ends_well().await;
        talk.end().await;
        assert!(stage.made_file().exists(), "the command did not run");
        String::new()
    })
}

pub(crate) fn unknown_conversation(stage: &Stage<'_>) -> String {
    play(stage, async |mut talk| {
        let why = match talk.begin("say hello", Some(UNKNOWN)).await {
            Err(SendError::NotSent(why)) => why.to_string(),
            Err(SendError::Unknown(_)) => panic!("it is unknown whether the prompt was taken"),
            Ok(()) => talk.turn_end().await.expect_err("it must not begin another conversation"),
        };
        talk.end().await;
        why
    })
}

fn play(stage: &Stage<'_>, scene: impl AsyncFnOnce(Talk) -> String) -> String {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { scene(Talk::new(stage)).await })
}

/// A talk with one process.
struct Talk {
    agent: AgentSpec,
    folder: PathBuf,
    line: Option<AgentLine>,
    heard: Vec<LineEvent>,
}

impl Talk {
    fn new(stage: &Stage<'_>) -> Self {
        let agent = spec(stage.role, stage);
        Self { agent, folder: stage.home.project(), line: None, heard: Vec::new() }
    }

    async fn begin(&mut self, prompt: &str, resume: Option<&str>) -> Result<(), SendError> {
        let session_id = SessionId::new(Uuid::now_v7());
        let resume = resume.map(AgentSessionId::new);
        let session = LaunchSession { resume: resume.clone(), ..LaunchSession::new(session_id, &self.folder) };
        let project_path = self.folder.clone();
        let start =
            StartSession { session_id, project_path, prompt: prompt.into(), model: None, max_budget: None, resume };
        let line = ProcessLauncher::new().launch(&self.agent, session).await.expect("it starts");
        let line = self.line.insert(line);
        line.send(AgentCommand::Start(start)).await
    }

    async fn tell(&self, command: AgentCommand) {
        self.line.as_ref().expect("begun").send(command).await.expect("it is told");
    }

    async fn say(&self, text: &str) {
        self.tell(AgentCommand::SendMessage { text: text.into() }).await;
    }

    async fn until(&mut self, what: &str, found: impl Fn(&AgentEvent) -> bool) -> AgentEvent {
        let line = self.line.as_mut().expect("begun");
        loop {
            let mut read = Vec::new();
            let count = timeout(PATIENCE, line.recv_many(&mut read, 1)).await;
            let count = count.unwrap_or_else(|_| panic!("waited in vain for {what}; heard {:#?}", self.heard));
            assert!(count > 0, "the line ended before {what}; heard {:#?}", self.heard);
            self.heard.append(&mut read);
            if let Some(LineEvent::Agent(event)) = self.heard.last()
                && found(event)
            {
                return event.clone();
            }
        }
    }

    async fn turn_end(&mut self) -> Result<(), String> {
        let is_end = |event: &AgentEvent| matches!(event, AgentEvent::Completed { .. } | AgentEvent::Failed { .. });
        match self.until("the end of the turn", is_end).await {
            AgentEvent::Failed { error } => Err(error),
            _ => Ok(()),
        }
    }

    async fn ends_well(&mut self) {
        let ended = self.turn_end().await;
        assert_eq!(ended, Ok(()), "heard {:#?}", self.heard);
    }

    /// The turn that was told to end early ends; the native protocol calls that a failure.
    async fn stops(&mut self) {
        let ended = self.turn_end().await;
        assert!(ended.is_ok() || ended == Err("aborted".to_owned()), "{ended:?}; heard {:#?}", self.heard);
    }

    async fn request(&mut self) -> RequestId {
        let is_request = |event: &AgentEvent| matches!(event, AgentEvent::ApprovalRequested(_));
        let AgentEvent::ApprovalRequested(request) = self.until("a request for approval", is_request).await else {
            unreachable!("it was looked for");
        };
        request.request_id
    }

    fn was_withdrawn(&self, request: &RequestId) -> bool {
        self.heard.iter().any(|event| {
            matches!(event, LineEvent::Agent(AgentEvent::ApprovalWithdrawn { request_id }) if request_id == request)
        })
    }

    async fn end(mut self) {
        let line = self.line.take().expect("begun");
        let stopped =
            timeout(PATIENCE, line.stop(StopPolicy { asking: Duration::from_secs(5), ..StopPolicy::GRACEFUL }));
        assert!(stopped.await.expect("it stops").survivors.is_empty());
    }
}

/// As the program itself makes it of the configuration.
fn spec(role: &Role, stage: &Stage<'_>) -> AgentSpec {
    let (url, home) = (stage.llm.url(), stage.own_home());
    let mut environment = Environment::standard().set("HOME", home.display().to_string());
    for (name, value) in role.variables(&url, &home) {
        environment = environment.set(name, value);
    }
    let agent = match role.speaks {
        Speaks::Protocol(protocol, _) => {
            let command = role.command();
            let (program, args) = command.split_first().expect("a program");
            AgentSpec::new(role.name, protocol, program).with_args(args)
        }
        Speaks::Endpoint { api } => {
            let memory = stage.home.scratch("memory").display().to_string();
            let args = ["worker", "--endpoint", &url, "--api", api, "--model", "fake-model", "--memory", &memory];
            AgentSpec::new(role.name, ProtocolKind::Native, program::switchboard()).with_args(args)
        }
    };
    AgentSpec { environment, mode: role.mode.map(str::to_owned), ..agent }
}
