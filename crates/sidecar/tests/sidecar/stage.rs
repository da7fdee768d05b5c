//! What the tests share: agents, lines, and a look at `/proc` that is independent of the code under test.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use switchboard_domain::{AgentCommand, AgentEvent, SessionId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, FaultKind, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind,
};
use uuid::Uuid;

/// Nothing a test waits for takes nearly as long, even on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// One of our example programs, which cargo builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("our own path");
    let target = tests.parent().and_then(|deps| deps.parent()).expect("target folder");
    let program = target.join("examples").join(name);
    assert!(program.exists(), "{} is missing; build it with `cargo build --examples`", program.display());
    program
}

pub(crate) fn rogue(misbehaviour: &[&str]) -> AgentSpec {
    AgentSpec::new("rogue", ProtocolKind::Native, example("rogue")).with_args(misbehaviour.iter().copied())
}

pub(crate) fn session() -> LaunchSession {
    let new = LaunchSession::new(SessionId::new(Uuid::now_v7()), std::env::temp_dir());
    LaunchSession { prompt: "fix the build".into(), ..new }
}

pub(crate) fn start(session: &LaunchSession) -> AgentCommand {
    AgentCommand::Start(StartSession {
        session_id: session.session_id,
        project_path: session.working_dir.clone(),
        prompt: session.prompt.clone(),
        model: None,
        max_budget: None,
        resume: None,
    })
}

pub(crate) async fn launch(agent: &AgentSpec) -> (AgentLine, SessionId) {
    let session = session();
    let session_id = session.session_id;
    (ProcessLauncher::new().launch(agent, session).await.expect("starts"), session_id)
}

/// Reads until an event is as wanted; panics when the line is over before, or when it takes too long.
#[track_caller]
pub(crate) fn read_until(
    line: &mut AgentLine,
    wanted: impl Fn(&LineEvent) -> bool,
) -> impl Future<Output = Vec<LineEvent>> {
    let caller = std::panic::Location::caller();
    async move {
        let mut events = Vec::new();
        let reading = async {
            loop {
                let seen = events.len();
                let received = line.recv_many(&mut events, 256).await;
                assert!(received > 0, "{caller}: the line is over after {events:?}");
                if events[seen..].iter().any(&wanted) {
                    break;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, reading).await;
        assert!(in_time.is_ok(), "{caller}: waited in vain");
        events
    }
}

/// All events to the end of the line.
pub(crate) async fn read_all(line: &mut AgentLine) -> Vec<LineEvent> {
    let mut events = Vec::new();
    let reading = async { while line.recv_many(&mut events, 256).await > 0 {} };
    tokio::time::timeout(PATIENCE, reading).await.expect("the line ends");
    events
}

pub(crate) fn is_completed(event: &LineEvent) -> bool {
    matches!(event, LineEvent::Agent(AgentEvent::Completed { .. }))
}

pub(crate) fn says(text: &str) -> impl Fn(&LineEvent) -> bool {
    move |event| matches!(event, LineEvent::Agent(AgentEvent::ContentDelta { text: said }) if said == text)
}

/// The text of all deltas.
pub(crate) fn text(events: &[LineEvent]) -> Vec<&str> {
    let said = events.iter().filter_map(|event| match event {
        LineEvent::Agent(AgentEvent::ContentDelta { text }) => Some(text.as_str()),
        _ => None,
    });
    said.collect()
}

/// How often each kind of fault was counted, by the last report of it.
pub(crate) fn faults(events: &[LineEvent], kind: FaultKind) -> u64 {
    let counts = events.iter().filter_map(|event| match event {
        LineEvent::Fault(fault) if fault.kind == kind => Some(fault.count),
        _ => None,
    });
    counts.max().unwrap_or(0)
}

/// Living processes with this `NAME=value` in their environment.
pub(crate) fn living(variable: &str) -> Vec<u32> {
    let pids = fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_ours = |pid: &u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|entry| entry == variable.as_bytes()) && is_alive(*pid)
    };
    pids.filter(is_ours).collect()
}

pub(crate) fn living_of(session: SessionId) -> Vec<u32> {
    living(&format!("SWITCHBOARD_SESSION={session}"))
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Polls until `condition` holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
