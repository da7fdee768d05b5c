//! What agents are given, and why some do not start.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rstest::rstest;
use switchboard_domain::{AgentCommand, AgentEvent};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, LaunchError, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind,
    StopPolicy,
};

use crate::stage::{PATIENCE, read_all, read_until, rogue, session, start};

async fn refusal(agent: AgentSpec, session: LaunchSession) -> LaunchError {
    ProcessLauncher::new().launch(&agent, session).await.expect_err("must not start")
}

fn native(program: impl Into<std::path::PathBuf>) -> AgentSpec {
    AgentSpec::new("a", ProtocolKind::Native, program)
}

#[tokio::test]
async fn each_mistake_is_told_apart_and_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("permitted");
        path
    };
    let plain = file("plain", "text", 0o644);
    let script = file("script", "#!/no/such/interpreter -x\n", 0o755);
    let not_a_program = file("garbage", "\u{7f}not an ELF file", 0o755);
    let nowhere = LaunchSession { working_dir: dir.path().join("gone"), ..session() };
    let nul = LaunchSession { prompt: "a\0b".into(), ..session() };
    let huge = LaunchSession { prompt: "x".repeat(10 << 20), ..session() };

    let asks = || AgentSpec::shell("a", "echo {prompt}");
    let refusals = [
        refusal(native("no-such-program-anywhere"), session()).await,
        refusal(native("/no/such/program"), session()).await,
        refusal(native(&plain), session()).await,
        refusal(native(dir.path()), session()).await,
        refusal(native(&script), session()).await,
        refusal(native(&not_a_program), session()).await,
        refusal(rogue(&["good"]), nowhere).await,
        refusal(asks(), nul).await,
        refusal(asks(), huge).await,
    ];
    let kinds = refusals.iter().map(|error| match error {
        LaunchError::ProgramNotFound { .. } => "program not found",
        LaunchError::NotExecutable { .. } => "not executable",
        LaunchError::InterpreterNotFound { .. } => "no interpreter",
        LaunchError::WorkingDirMissing { .. } => "no working directory",
        LaunchError::PromptTooLong => "too long",
        LaunchError::NulByte { .. } => "nul",
        _ => "other",
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "program not found",
            "program not found",
            "not executable",
            "not executable",
            "no interpreter",
            "not executable",
            "no working directory",
            "nul",
            "too long"
        ]
    );
    for error in &refusals {
        let text = error.to_string();
        assert!(text.contains("; "), "says what to do: {text}");
    }
}

async fn turn(agent: &AgentSpec, session: LaunchSession) -> Vec<LineEvent> {
    let mut line = ProcessLauncher::new().launch(agent, session.clone()).await.expect("starts");
    line.send(start(&session)).await.expect("sent");
    read_all(&mut line).await
}

fn answer(events: &[LineEvent]) -> String {
    let messages = events.iter().filter_map(|event| match event {
        LineEvent::Agent(AgentEvent::Message(body)) => Some(body.content.as_str()),
        _ => None,
    });
    messages.collect::<Vec<_>>().join("|")
}

#[rstest]
#[case::from_standard_input("cat", "fix the build")]
#[case::as_an_argument("echo got {prompt}", "got fix the build")]
#[case::without_looking_at_it("echo hello", "hello")]
#[case::silently("true", "")]
#[case::in_a_pipeline("cat | tr a-z A-Z", "FIX THE BUILD")]
#[tokio::test]
async fn any_command_is_an_agent(#[case] command: &str, #[case] expected: &str) {
    let events = turn(&AgentSpec::shell("a", command), session()).await;
    assert_eq!(answer(&events), expected);
    assert_eq!(events[0], LineEvent::Agent(AgentEvent::SessionStarted { agent_session_id: None }));
    let completed = LineEvent::Agent(AgentEvent::Completed { agent_session_id: None, total_cost: None });
    let [.., last, LineEvent::Exited(_)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*last, completed);
}

#[tokio::test]
async fn a_prompt_is_never_run_by_the_shell() {
    let hostile = LaunchSession { prompt: "$(echo pwned) `echo pwned`; \"echo pwned".into(), ..session() };
    let events = turn(&AgentSpec::shell("a", "printf '%s\\n' {prompt}"), hostile.clone()).await;
    assert_eq!(answer(&events), hostile.prompt);
}

#[tokio::test]
async fn a_command_that_fails_says_why() {
    let events = turn(&AgentSpec::shell("a", "echo part; echo boom >&2; exit 3"), session()).await;
    assert_eq!(answer(&events), "part");
    assert!(events.contains(&LineEvent::Agent(AgentEvent::Failed { error: "exit status 3: boom".into() })));
}

#[tokio::test]
async fn a_command_that_ends_before_its_prompt_came_still_had_its_turn() {
    let session = session();
    let mut line =
        ProcessLauncher::new().launch(&AgentSpec::shell("a", "true"), session.clone()).await.expect("starts");
    let pid = line.worker().expect("a process").pid;
    while crate::stage::is_alive(pid) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(line.send(start(&session)).await, Ok(()));
    assert!(matches!(read_all(&mut line).await.last(), Some(LineEvent::Exited(exit)) if exit.status.is_success()));
}

#[tokio::test]
async fn a_million_characters_without_a_line_end_arrive() {
    let mut agent = AgentSpec::shell("a", "head -c 1000000 /dev/zero | tr '\\0' x");
    agent.limits.message_bytes_max = 300_000;
    let events = turn(&agent, session()).await;
    let lengths: Vec<usize> = answer(&events).split('|').map(str::len).collect();
    assert_eq!(lengths, [300_000, 300_000, 300_000, 100_000]);
}

#[tokio::test]
async fn an_agent_sees_only_what_it_is_allowed_to() {
    let mut agent = AgentSpec::shell("a", "env");
    agent.environment = agent.environment.set("OWN", "value");
    let session = session();
    let events = turn(&agent, session.clone()).await;
    let text = answer(&events);
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(["PATH", "OWN", "SWITCHBOARD_SESSION"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !names.contains(&"CARGO_MANIFEST_DIR"), "{names:?}");
    assert!(text.contains(&format!("SWITCHBOARD_SESSION={}", session.session_id)));
}

#[tokio::test]
async fn a_relative_program_starts_at_the_working_directory() {
    let dir = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink("/bin/cat", dir.path().join("agent")).expect("linked");
    let here = LaunchSession { working_dir: dir.path().to_owned(), ..session() };
    let events = turn(&AgentSpec::new("a", ProtocolKind::Exec, "./agent"), here).await;
    assert_eq!(answer(&events), "fix the build");
}

#[tokio::test]
async fn two_hundred_agents_start_quickly() {
    let launcher = ProcessLauncher::new();
    let agent = rogue(&["mute"]);
    let began = Instant::now();
    let mut lines: Vec<AgentLine> = Vec::new();
    for _ in 0..200 {
        lines.push(launcher.launch(&agent, session()).await.expect("starts"));
    }
    let took = began.elapsed();
    let mut stops = tokio::task::JoinSet::new();
    for line in lines {
        stops.spawn(line.stop(StopPolicy::GRACEFUL));
    }
    let stopped = tokio::time::timeout(PATIENCE, stops.join_all()).await.expect("all stop");
    assert!(stopped.iter().all(|stopped| stopped.exit.is_some() && stopped.survivors.is_empty()));
    // The goal is half a second, and measured elsewhere; here, unoptimised and beside other tests, a bound
    // against accidents.
    assert!(took < Duration::from_secs(5), "took {took:?}");
}

#[tokio::test]
async fn a_plain_command_takes_no_second_prompt() {
    let session = session();
    let mut line =
        ProcessLauncher::new().launch(&AgentSpec::shell("a", "cat; sleep 60"), session.clone()).await.expect("starts");
    line.send(start(&session)).await.expect("sent");
    read_until(&mut line, |event| matches!(event, LineEvent::Agent(AgentEvent::ContentDelta { .. }))).await;
    let second = line.send(AgentCommand::SendMessage { text: "more".into() }).await;
    assert_eq!(second.expect_err("refused").to_string(), "not sent: this agent serves one prompt per process");
    let _stopped = line.stop(StopPolicy::NOW).await;
}
