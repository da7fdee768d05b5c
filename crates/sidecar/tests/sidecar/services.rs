//! Files and commands on our side of the line, for an agent in a process of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rstest::rstest;
use switchboard_domain::{AgentCommand, AgentEvent, Answer, SessionId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind, StopPolicy,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::stage::{eventually, example, living_of, read_until};

/// An output longer than this is counted and not compared.
const LONG_BYTES: usize = 1000;

/// An agent in its first turn, in a project of its own with the file `file` in it.
struct Stage {
    line: AgentLine,
    session: SessionId,
    folder: TempDir,
}

impl Stage {
    async fn new(prompt: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("project");
        fs::create_dir(&project).expect("a folder");
        fs::write(project.join("file"), "one\ntwo\nthree\n").expect("written");
        fs::write(folder.path().join("secret"), "secret").expect("written");
        symlink(folder.path().join("secret"), project.join("link")).expect("a link");
        let session = SessionId::new(Uuid::now_v7());
        let agent = AgentSpec::new("peer", ProtocolKind::Acp, example("acp_peer"));
        let line = ProcessLauncher::new().launch(&agent, LaunchSession::new(session, &project)).await.expect("starts");
        let start = StartSession {
            session_id: session,
            project_path: project,
            prompt: prompt.into(),
            model: None,
            max_budget: None,
            resume: None,
        };
        line.send(AgentCommand::Start(start)).await.expect("begins");
        Self { line, session, folder }
    }

    fn project(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("project").join(name)).unwrap_or_default()
    }

    async fn answer(&mut self, answer: Answer) {
        let asks = |event: &LineEvent| matches!(event, LineEvent::Agent(AgentEvent::ApprovalRequested(_)));
        let events = read_until(&mut self.line, asks).await;
        let request = events.into_iter().find_map(|event| match event {
            LineEvent::Agent(AgentEvent::ApprovalRequested(request)) => Some(request.request_id),
            _ => None,
        });
        let request_id = request.expect("it asked");
        self.line.send(AgentCommand::AnswerApproval { request_id, answer }).await.expect("answered");
    }

    /// What the agent says of what it got, by the end of its turn.
    async fn said(&mut self) -> String {
        let is_end = |event: &LineEvent| matches!(event, LineEvent::Agent(AgentEvent::Completed { .. }));
        let events = read_until(&mut self.line, is_end).await;
        let said = events.iter().filter_map(|event| match event {
            LineEvent::Agent(AgentEvent::Message(body)) => Some(body.content.clone()),
            _ => None,
        });
        said.collect::<String>().trim_start_matches("well, ").to_owned()
    }

    async fn end(self) {
        let session = self.session;
        let stopped = self.line.stop(StopPolicy::GRACEFUL).await;
        assert!(stopped.survivors.is_empty());
        eventually("the end of all it started", || living_of(session).is_empty());
    }
}

#[rstest]
#[case::whole("read file", "one\ntwo\nthree\n")]
#[case::some_lines("read file 2 1", "two\n")]
#[case::missing("read gone", "error -32002")]
#[case::outside("read ../secret", "error -32603")]
#[case::through_a_link("read link", "error -32603")]
#[tokio::test]
async fn a_file_of_the_project_is_read(#[case] prompt: &str, #[case] said: &str) {
    let mut stage = Stage::new(prompt).await;
    assert_eq!(stage.said().await, said);
    stage.end().await;
}

#[rstest]
#[case::allowed("write new/file", Answer::ALLOW, "{}", "new")]
#[case::denied("write new/file", Answer::Deny, "error -32603", "")]
#[case::outside("write link", Answer::ALLOW, "error -32603", "")]
#[tokio::test]
async fn a_file_is_written_once_that_is_allowed(
    #[case] prompt: &str,
    #[case] answer: Answer,
    #[case] said: &str,
    #[case] text: &str,
) {
    let mut stage = Stage::new(prompt).await;
    stage.answer(answer).await;
    assert_eq!(stage.said().await, said);
    assert_eq!(stage.project("new/file"), text);
    assert_eq!(fs::read_to_string(stage.folder.path().join("secret")).expect("still there"), "secret");
    stage.end().await;
}

#[rstest]
#[case::well("run echo hi; echo ho >&2", "hi\nho\n|false|{\"exitCode\":0}")]
#[case::badly("run exit 3", "|false|{\"exitCode\":3}")]
#[case::killed("kill sleep 1000", "|false|{\"signal\":\"15\"}")]
#[case::endlessly("run yes | head -c 5000000", "1048576|true|{\"exitCode\":0}")]
#[case::nothing_there("run-args no-such-program x", "error -32002")]
#[tokio::test]
async fn a_command_runs_once_that_is_allowed(#[case] prompt: &str, #[case] said: &str) {
    let mut stage = Stage::new(prompt).await;
    stage.answer(Answer::ALLOW).await;
    assert_eq!(counted(&stage.said().await), said);
    stage.end().await;
}

/// `said` with the number of its bytes in place of a long output.
fn counted(said: &str) -> String {
    match said.split_once('|') {
        Some((output, rest)) if output.len() > LONG_BYTES => format!("{}|{rest}", output.len()),
        _ => said.to_owned(),
    }
}

#[tokio::test]
async fn nothing_that_was_started_outlives_the_agent() {
    let mut stage = Stage::new("leave setsid sleep 1000").await;
    stage.answer(Answer::ALLOW).await;
    assert_eq!(stage.said().await, "terminal-1");
    assert!(living_of(stage.session).len() > 1, "the command runs");
    stage.end().await;
}

#[tokio::test]
async fn a_command_works_in_the_project_and_sees_what_the_agent_sees() {
    let mut stage = Stage::new("run pwd; echo $SWITCHBOARD_SESSION; cat").await;
    stage.answer(Answer::ALLOW).await;
    let said = stage.said().await;
    let folder = Path::new(said.lines().next().expect("a folder"));
    assert!(folder.ends_with("project"), "{said}");
    assert!(said.contains(&stage.session.to_string()), "{said}");
    stage.end().await;
}
