//! Whatever an agent writes, and however it ends: never fatal, nothing good lost, bounded.

use rstest::rstest;
use switchboard_domain::AgentEvent;
use switchboard_sidecar::{ExitStatus, FaultKind, LineEvent, StopPolicy, StoppedBy};

use crate::stage::{faults, is_completed, launch, read_all, read_until, rogue, text};

#[rstest]
#[case::well_behaved(&["good"], &[])]
#[case::banners_and_binary(&["junk", "1000"], &[(FaultKind::Junk, 512), (FaultKind::InvalidUtf8, 1)])]
#[case::another_session(&["foreign"], &[(FaultKind::WrongSession, 1)])]
#[case::a_line_over_the_limit(&["long", "20000000"], &[(FaultKind::TooLong, 1)])]
#[tokio::test]
async fn the_good_lines_come_through(#[case] misbehaviour: &[&str], #[case] expected: &[(FaultKind, u64)]) {
    let (mut line, _) = launch(&rogue(misbehaviour)).await;
    let events = read_until(&mut line, is_completed).await;
    assert_eq!(text(&events), ["good"]);
    let counted = FaultKind::ALL.map(|kind| (kind, faults(&events, kind)));
    assert_eq!(counted.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>(), expected);
    let stopped = line.stop(StopPolicy::GRACEFUL).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
}

#[tokio::test]
async fn an_unknown_event_is_reported_whole() {
    let (mut line, session) = launch(&rogue(&["unknown"])).await;
    let events = read_until(&mut line, is_completed).await;
    let raw = serde_json::json!({"type": "plan_updated", "sessionId": session, "steps": 3});
    let unknown = AgentEvent::Unknown { kind: "plan_updated".into(), raw };
    assert_eq!(events[0], LineEvent::Agent(unknown));
}

#[tokio::test]
async fn words_after_completion_are_heard() {
    let (mut line, _) = launch(&rogue(&["late"])).await;
    let events = read_until(&mut line, crate::stage::says("late")).await;
    assert!(is_completed(&events[0]));
}

#[tokio::test]
async fn a_character_split_between_writes_is_whole() {
    let (mut line, _) = launch(&rogue(&["split-character"])).await;
    assert_eq!(text(&read_all(&mut line).await), ["€"]);
}

#[tokio::test]
async fn half_a_line_at_the_end_is_a_fault() {
    let (mut line, _) = launch(&rogue(&["half"])).await;
    let events = read_all(&mut line).await;
    assert_eq!(faults(&events, FaultKind::Junk), 1);
    assert!(matches!(events.last(), Some(LineEvent::Exited(_))));
}

#[rstest]
#[case::at_once(&["exit", "0"], ExitStatus::Code(0))]
#[case::with_an_error(&["exit", "7"], ExitStatus::Code(7))]
#[case::by_a_signal(&["signal"], ExitStatus::Signal(9))]
#[tokio::test]
async fn an_end_is_told_as_it_was(#[case] misbehaviour: &[&str], #[case] status: ExitStatus) {
    let (mut line, session) = launch(&rogue(misbehaviour)).await;
    let events = read_all(&mut line).await;
    let [LineEvent::Exited(exit)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(exit.status, status);
    assert_eq!(line.stop(StopPolicy::NOW).await.by, StoppedBy::AlreadyOver);
    assert!(crate::stage::living_of(session).is_empty());
}

#[tokio::test]
async fn a_flood_on_stderr_blocks_nothing_and_its_end_is_kept() {
    let (mut line, _) = launch(&rogue(&["stderr", "10000000"])).await;
    let events = read_all(&mut line).await;
    assert_eq!(text(&events), ["good"]);
    let Some(LineEvent::Exited(exit)) = events.last() else { panic!("{events:?}") };
    assert!(exit.stderr_tail.ends_with("e\nthe end\n"));
    assert!(exit.stderr_tail.len() <= 64 << 10);
}

/// The largest amount of memory this process has had, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("peak");
    line.split_ascii_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).map_or(0, |kb: usize| kb << 10)
}

#[tokio::test]
async fn a_line_of_a_gigabyte_costs_the_limit_and_no_more() {
    let before = peak_memory();
    let (mut line, _) = launch(&rogue(&["long", "1073741824"])).await;
    let events = read_until(&mut line, is_completed).await;
    assert_eq!((text(&events), faults(&events, FaultKind::TooLong)), (vec!["good"], 1));
    let grown = peak_memory() - before;
    assert!(grown < 24 << 20, "memory grew by {} MiB", grown >> 20);
}
