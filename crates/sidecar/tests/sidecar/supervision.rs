//! Stopped means gone: the process, its group, and whatever hides elsewhere.

use std::time::{Duration, Instant};

use rstest::rstest;
use switchboard_domain::{SessionId, WorkerProcess};
use switchboard_sidecar::orphans::{self, Orphans};
use switchboard_sidecar::{AgentLauncher, ExitStatus, LineEvent, ProcessLauncher, StopPolicy, Stopped, StoppedBy};

use crate::stage::{
    PATIENCE, eventually, is_alive, is_completed, launch, living, living_of, read_all, read_until, rogue, says, session,
};

const NOBODY: [u32; 0] = [];

/// Patient enough for a loaded machine, where it makes no difference to a test that it is.
const BRIEF: StopPolicy = StopPolicy { asking: Duration::from_millis(200), terminating: Duration::from_millis(200) };

#[rstest]
#[case::one_that_listens(&["good"], StopPolicy::GRACEFUL, StoppedBy::Asking, ExitStatus::Code(0))]
#[case::one_that_does_not(&["deaf"], StopPolicy { asking: BRIEF.asking, ..StopPolicy::GRACEFUL },
    StoppedBy::Terminating, ExitStatus::Signal(15))]
#[case::one_that_will_not(&["stubborn"], BRIEF, StoppedBy::Killing, ExitStatus::Signal(9))]
#[case::in_a_hurry(&["good"], StopPolicy::NOW, StoppedBy::Killing, ExitStatus::Signal(9))]
#[tokio::test]
async fn a_stop_takes_what_it_takes(
    #[case] misbehaviour: &[&str],
    #[case] policy: StopPolicy,
    #[case] by: StoppedBy,
    #[case] status: ExitStatus,
) {
    let (mut line, session) = launch(&rogue(misbehaviour)).await;
    if misbehaviour != ["deaf"] {
        read_until(&mut line, |event| matches!(event, LineEvent::Agent(_))).await;
    }
    let stopped = tokio::time::timeout(PATIENCE, line.stop(policy)).await.expect("bounded");
    assert_eq!((stopped.by, stopped.exit.map(|exit| exit.status)), (by, Some(status)));
    assert_eq!(stopped.survivors, NOBODY);
    assert_eq!(living_of(session), NOBODY);
}

#[rstest]
#[case::a_group_that_ignores_sigterm(&["family"])]
#[case::its_own_session(&["escape", "setsid"])]
#[case::a_double_fork(&["escape", "double-fork"])]
#[case::no_environment_but_a_pipe(&["escape", "unmarked-with-pipe"])]
#[case::no_environment_but_a_parent(&["escape", "unmarked"])]
#[case::one_that_breeds(&["escape", "breeder"])]
#[tokio::test]
async fn nothing_survives_a_stop(#[case] misbehaviour: &[&str]) {
    let badge = format!("badge={}", uuid::Uuid::now_v7());
    let (mut line, _) = launch(&rogue(&[misbehaviour, &[badge.as_str()]].concat())).await;
    read_until(&mut line, is_completed).await;
    eventually("there is somebody to hunt", || everyone_with(&badge).len() > 1);

    let stopped = line.stop(BRIEF).await;
    assert_eq!(stopped.survivors, NOBODY);
    assert_eq!(everyone_with(&badge), NOBODY);
}

/// All living processes with this argument, which no rogue can drop.
fn everyone_with(badge: &str) -> Vec<u32> {
    let pids =
        std::fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let wears_it = |pid: &u32| {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split(|&byte| byte == 0).any(|argument| argument == badge.as_bytes()) && is_alive(*pid)
    };
    pids.filter(wears_it).collect()
}

#[tokio::test]
async fn a_hundred_starts_and_stops_leave_nobody() {
    let marker = format!("SWITCHBOARD_TEST={}", uuid::Uuid::now_v7());
    let (name, value) = marker.split_once('=').expect("a pair");
    let kinds: [&[&str]; 5] =
        [&["good"], &["family"], &["escape", "setsid"], &["escape", "double-fork"], &["stubborn"]];
    let launcher = ProcessLauncher::new();
    for round in 0..10 {
        let mut stops = tokio::task::JoinSet::new();
        for kind in kinds.iter().cycle().take(10) {
            let mut agent = rogue(kind);
            agent.environment = agent.environment.set(name, value);
            let mut line = launcher.launch(&agent, session()).await.expect("starts");
            let policy = StopPolicy { asking: Duration::from_millis(20), terminating: Duration::from_millis(20) };
            stops.spawn(async move {
                if round % 2 == 0 {
                    read_until(&mut line, |event| matches!(event, LineEvent::Agent(_))).await;
                }
                line.stop(policy).await
            });
        }
        let stopped: Vec<Stopped> = stops.join_all().await;
        assert!(stopped.iter().all(|stopped| stopped.survivors.is_empty()));
    }
    assert_eq!(living(&marker), NOBODY);
}

#[tokio::test]
async fn an_agent_that_ends_by_itself_leaves_nobody() {
    let (mut line, session) = launch(&rogue(&["leave-child", "quiet"])).await;
    read_all(&mut line).await;
    assert_eq!(living_of(session), NOBODY);
}

#[tokio::test]
async fn what_a_child_still_says_after_the_agent_ended_is_heard() {
    let (mut line, _) = launch(&rogue(&["leave-child", "loud"])).await;
    let events = read_all(&mut line).await;
    assert!(events.iter().any(says("last words")), "{events:?}");
}

#[tokio::test]
async fn a_dropped_line_takes_its_agent_along() {
    let launcher = ProcessLauncher::new();
    let session = session();
    let line = launcher.launch(&rogue(&["family"]), session.clone()).await.expect("starts");
    drop(line);
    tokio::time::timeout(PATIENCE, launcher.all_gone()).await.expect("bounded");
    assert_eq!(living_of(session.session_id), NOBODY);
}

#[test]
fn a_runtime_that_shuts_down_takes_its_agents_along() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (line, session) = runtime.block_on(launch(&rogue(&["stubborn"])));
    let pid = line.worker().expect("a process").pid;
    drop(runtime);
    eventually("the agent is gone", || !is_alive(pid));
    assert_eq!(living_of(session), NOBODY);
}

#[tokio::test]
async fn stopping_is_quick_when_the_agent_is() {
    let (mut line, _) = launch(&rogue(&["good"])).await;
    read_until(&mut line, is_completed).await;
    let began = Instant::now();
    let stopped = line.stop(StopPolicy::GRACEFUL).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
    assert!(began.elapsed() < StopPolicy::GRACEFUL.asking, "took {:?}", began.elapsed());
}

/// Leaves a process behind as a killed program does: nobody of this program knows it any more.
async fn left_behind(misbehaviour: &[&str]) -> (WorkerProcess, SessionId) {
    let (mut line, session) = launch(&rogue(misbehaviour)).await;
    read_until(&mut line, is_completed).await;
    let worker = line.worker().expect("a process");
    // The line must neither be dropped nor stopped, since both end the agent.
    std::mem::forget(line);
    (worker, session)
}

#[rstest]
#[case::alone(&["good"])]
#[case::with_children(&["family"])]
#[case::with_an_escapee(&["escape", "double-fork"])]
#[tokio::test]
async fn what_an_earlier_run_left_behind_is_ended(#[case] misbehaviour: &[&str]) {
    let (worker, session) = left_behind(misbehaviour).await;
    assert!(matches!(orphans::end(Some(worker), session).await, Orphans::Ended(count) if count > 0));
    assert_eq!(living_of(session), NOBODY);
    assert_eq!(orphans::end(Some(worker), session).await, Orphans::None);
}

#[tokio::test]
async fn what_was_started_and_never_recorded_is_ended_by_its_mark() {
    let (_, session) = left_behind(&["family"]).await;
    assert!(matches!(orphans::end(None, session).await, Orphans::Ended(count) if count > 0));
    assert_eq!(living_of(session), NOBODY);
}

#[rstest]
#[case::another_start(1, false)]
#[case::another_session(0, true)]
#[tokio::test]
async fn a_process_that_only_has_the_same_id_is_left_alone(#[case] later: u64, #[case] other_session: bool) {
    let (line, session) = launch(&rogue(&["good"])).await;
    let worker = line.worker().expect("a process");
    let recorded = WorkerProcess { started: worker.started + later, ..worker };
    let recorded_session = if other_session || later > 0 { crate::stage::session().session_id } else { session };
    assert_eq!(orphans::end(Some(recorded), recorded_session).await, Orphans::None);
    assert!(is_alive(worker.pid));
    let _stopped = line.stop(StopPolicy::NOW).await;
}
