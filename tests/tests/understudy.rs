//! Claude Code and Codex as processes: what their adapters and the supervision do together.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{
    AgentCommand, AgentEvent, AgentSessionId, Answer, ApprovalRequest, RequestId, SessionId, StartSession,
};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, ExitStatus, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind,
    StopPolicy, StoppedBy,
};
use switchboard_tests::{PATIENCE, program};
use tokio::time::timeout;

use ProtocolKind::{Claude, Codex};

/// A conversation with the understudy.
struct Stage {
    line: AgentLine,
    heard: Vec<LineEvent>,
}

impl Stage {
    /// Starts it with `prompt`.
    async fn start(protocol: ProtocolKind, args: &[&str], prompt: &str, resume: Option<&str>) -> Self {
        let agent = AgentSpec::new("understudy", protocol, program::understudy()).with_args(args.iter().copied());
        let session_id = SessionId::new(uuid::Uuid::now_v7());
        let resume = resume.map(AgentSessionId::new);
        let session = LaunchSession { resume: resume.clone(), ..LaunchSession::new(session_id, std::env::temp_dir()) };
        let start = StartSession {
            session_id,
            project_path: session.working_dir.clone(),
            prompt: prompt.into(),
            model: None,
            max_budget: None,
            resume,
        };
        let line = ProcessLauncher::new().launch(&agent, session).await.expect("it starts");
        let stage = Self { line, heard: Vec::new() };
        stage.tell(AgentCommand::Start(start)).await;
        stage
    }

    async fn tell(&self, command: AgentCommand) {
        self.line.send(command).await.expect("it is told");
    }

    async fn say(&self, text: &str) {
        self.tell(AgentCommand::SendMessage { text: text.into() }).await;
    }

    /// Reads on until `found`; panics when the line ends before.
    async fn until<T>(&mut self, what: &str, found: impl Fn(&LineEvent) -> Option<T>) -> T {
        loop {
            let mut read = Vec::new();
            let count = timeout(PATIENCE, self.line.recv_many(&mut read, 1)).await;
            let count = count.unwrap_or_else(|_| panic!("waited in vain for {what}; heard {:#?}", self.heard));
            assert!(count > 0, "the line ended before {what}; heard {:#?}", self.heard);
            self.heard.append(&mut read);
            if let Some(found) = self.heard.last().and_then(&found) {
                return found;
            }
        }
    }

    /// How the turn ends: well, or with an error.
    async fn turn_end(&mut self) -> Result<(), String> {
        let end = |event: &LineEvent| match event {
            LineEvent::Agent(AgentEvent::Completed { .. }) => Some(Ok(())),
            LineEvent::Agent(AgentEvent::Failed { error }) => Some(Err(error.clone())),
            _ => None,
        };
        self.until("the end of the turn", end).await
    }

    async fn word(&mut self) {
        let word = |event: &LineEvent| match event {
            LineEvent::Agent(AgentEvent::ContentDelta { text }) => (text == "word ").then_some(()),
            _ => None,
        };
        self.until("a word", word).await;
    }

    async fn request(&mut self) -> ApprovalRequest {
        let request = |event: &LineEvent| match event {
            LineEvent::Agent(AgentEvent::ApprovalRequested(request)) => Some(request.clone()),
            _ => None,
        };
        self.until("a request for approval", request).await
    }

    fn withdrawn(&self) -> Vec<RequestId> {
        let withdrawn = self.heard.iter().filter_map(|event| match event {
            LineEvent::Agent(AgentEvent::ApprovalWithdrawn { request_id }) => Some(request_id.clone()),
            _ => None,
        });
        withdrawn.collect()
    }

    fn last_tool_result(&self) -> Option<String> {
        self.heard.iter().rev().find_map(|event| match event {
            LineEvent::Agent(AgentEvent::ToolResult(result)) => result.output.as_str().map(str::to_owned),
            _ => None,
        })
    }

    async fn exit(&mut self) -> ExitStatus {
        let exit = |event: &LineEvent| match event {
            LineEvent::Exited(exit) => Some(exit.status),
            _ => None,
        };
        self.until("its exit", exit).await
    }
}

#[rstest]
#[tokio::test]
async fn one_process_serves_many_turns(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "hello", None).await;
    assert_eq!(stage.turn_end().await, Ok(()));
    stage.say("FAIL").await;
    assert_eq!(stage.turn_end().await, Err("API Error: 500".to_owned()));
    stage.say("hello again").await;
    assert_eq!(stage.turn_end().await, Ok(()));
    stage.tell(AgentCommand::End).await;
    assert_eq!(stage.exit().await, ExitStatus::Code(0));
}

#[rstest]
#[tokio::test]
async fn a_tool_waits_for_its_answer(
    #[values(Claude, Codex)] protocol: ProtocolKind,
    #[values(Answer::ALLOW, Answer::Deny)] answer: Answer,
) {
    let mut stage = Stage::start(protocol, &[], "TOOL", None).await;
    let request = stage.request().await;
    assert_eq!(request.input["command"], "ls");
    let allowed = answer.is_allow();
    stage.tell(AgentCommand::AnswerApproval { request_id: request.request_id, answer }).await;
    assert_eq!(stage.turn_end().await, Ok(()));
    assert_eq!(stage.last_tool_result().as_deref() == Some("a.txt"), allowed);
}

#[rstest]
#[tokio::test]
async fn an_interrupted_agent_takes_the_next_prompt(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "SLOW", None).await;
    stage.word().await;
    stage.tell(AgentCommand::Abort).await;
    assert_eq!(stage.turn_end().await, Ok(()));
    stage.say("hello").await;
    assert_eq!(stage.turn_end().await, Ok(()));
}

#[rstest]
#[tokio::test]
async fn an_interrupt_right_after_the_prompt_is_not_lost(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "SLOW", None).await;
    stage.tell(AgentCommand::Abort).await;
    assert_eq!(stage.turn_end().await, Ok(()));
}

#[rstest]
#[tokio::test]
async fn an_interrupt_withdraws_an_open_request(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "TOOL", None).await;
    let request = stage.request().await;
    stage.tell(AgentCommand::Abort).await;
    assert_eq!(stage.turn_end().await, Ok(()));
    assert_eq!(stage.withdrawn(), [request.request_id]);
}

#[rstest]
#[tokio::test]
async fn a_crash_in_mid_turn_ends_the_line(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "CRASH", None).await;
    assert_eq!(stage.exit().await, ExitStatus::Code(3));
}

#[rstest]
#[tokio::test]
async fn a_known_conversation_goes_on(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "hello", Some("known")).await;
    assert_eq!(stage.turn_end().await, Ok(()));
}

#[rstest]
#[tokio::test]
async fn an_unknown_conversation_fails_and_the_process_goes(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &[], "hello", Some("gone")).await;
    let error = stage.turn_end().await.expect_err("there is no such conversation");
    assert!(error.contains("gone") && error.contains("start a new session"), "{error}");
    stage.exit().await;
}

#[rstest]
#[tokio::test]
async fn an_agent_that_does_not_end_with_its_input_is_ended(#[values(Claude, Codex)] protocol: ProtocolKind) {
    let mut stage = Stage::start(protocol, &["--deaf-to-eof"], "SLOW", None).await;
    stage.word().await;
    let policy = StopPolicy { asking: Duration::from_millis(100), ..StopPolicy::GRACEFUL };
    let stopped = stage.line.stop(policy).await;
    assert_eq!(stopped.by, StoppedBy::Terminating);
}
