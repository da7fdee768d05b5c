//! Recorded conversations, and laws that hold for every input.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;
use switchboard_domain::{AgentEvent, SessionId};

use super::*;
use crate::protocol::transcript::{spoils, spoilt};
use crate::{FaultKind, LineEvent, ProtocolKind};

fn session() -> LaunchSession {
    let session_id = SessionId::new(uuid::Uuid::from_u128(1));
    LaunchSession::new(session_id, "/")
}

fn native(line_bytes_max: usize) -> Conversation {
    let mut agent = AgentSpec::new("recorded", ProtocolKind::Native, "worker");
    agent.limits.line_bytes_max = line_bytes_max;
    Conversation::new(&agent, &session())
}

/// All events when `bytes` come in, read in pieces of `sizes` (again and again).
fn events(mut conversation: Conversation, bytes: &[u8], sizes: &[usize]) -> Vec<LineEvent> {
    let mut out = Output::default();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(1).clamp(1, rest.len());
        let (read, later) = rest.split_at(size);
        rest = later;
        conversation.space().extend_from_slice(read);
        while conversation.read_next(&mut out) {}
    }
    conversation.read_last(&mut out);
    out.events.into_iter().map(|(event, _)| event).collect()
}

/// What the recorded program wrote, under the test's session id.
fn recorded_lines(transcript: &str) -> Vec<String> {
    let records = transcript.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let outputs = records.filter_map(|mut record| record.get_mut("out").map(Value::take));
    let own_id = outputs.map(|mut line| {
        line["sessionId"] = Value::String(session().session_id.to_string());
        line.to_string()
    });
    own_id.collect()
}

fn story(events: &[LineEvent]) -> String {
    let mut story = String::new();
    for event in events {
        match event {
            LineEvent::Agent(event) => writeln!(story, "{}", serde_json::to_string(event).expect("serializes")),
            other => writeln!(story, "{other:?}"),
        }
        .expect("writing to memory");
    }
    story
}

const FIRST: &str = include_str!("../../tests/testdata/native-worker.jsonl");
const RESUMED: &str = include_str!("../../tests/testdata/native-worker-resume.jsonl");

#[test]
fn the_recorded_worker_is_understood() {
    let lines = recorded_lines(FIRST).join("\n");
    insta::assert_snapshot!(story(&events(native(1 << 20), lines.as_bytes(), &[4096])));
}

#[test]
fn the_recorded_resumed_worker_is_understood() {
    let lines = recorded_lines(RESUMED).join("\n");
    insta::assert_snapshot!(story(&events(native(1 << 20), lines.as_bytes(), &[4096])));
}

proptest! {
    #[test]
    fn events_do_not_depend_on_how_the_bytes_were_read(sizes in prop::collection::vec(1_usize..300, 1..20)) {
        let lines = recorded_lines(FIRST).join("\n");
        let whole = events(native(1 << 20), lines.as_bytes(), &[usize::MAX]);
        prop_assert_eq!(events(native(1 << 20), lines.as_bytes(), &sizes), whole);
    }

    #[test]
    fn spoilt_lines_never_cost_a_good_one(
        spoils in prop::collection::vec((any::<prop::sample::Index>(), spoils()), 0..20),
        line_bytes_max in 400_usize..2000,
    ) {
        let marker = |number: usize| {
            let id = session().session_id;
            format!(r#"{{"type":"content_delta","sessionId":"{id}","delta":"good {number}"}}"#)
        };
        let recorded = recorded_lines(FIRST);
        let mut bytes = Vec::new();
        for (number, (pick, spoil)) in spoils.iter().cloned().enumerate() {
            bytes.extend(spoilt(recorded[pick.index(recorded.len())].as_str(), spoil));
            bytes.extend(format!("\n{}\n", marker(number)).into_bytes());
        }
        let heard = events(native(line_bytes_max), &bytes, &[97]).into_iter().filter_map(|event| match event {
            LineEvent::Agent(AgentEvent::ContentDelta { text }) => text.strip_prefix("good ").map(str::to_owned),
            _ => None,
        });
        let all: Vec<String> = (0..spoils.len()).map(|number| number.to_string()).collect();
        prop_assert_eq!(heard.collect::<Vec<_>>(), all);
    }
}

#[test]
fn every_kind_of_trouble_is_named_and_nothing_else_is_lost() {
    let id = session().session_id;
    let other = SessionId::new(uuid::Uuid::from_u128(2));
    let lines = [
        b"Welcome to my shell!".to_vec(),
        vec![b'x'; 2000],
        format!(r#"{{"type":"content_delta","sessionId":"{id}","delta":"caf_"}}"#).replace('_', "\u{1}").into_bytes(),
        format!(r#"{{"type":"content_delta","sessionId":"{other}","delta":"not mine"}}"#).into_bytes(),
        format!(r#"{{"type":"plan_updated","sessionId":"{id}","steps":3}}"#).into_bytes(),
        format!(r#"{{"type":"content_delta","sessionId":"{id}"}}"#).into_bytes(),
        b"\x1b[0m".iter().copied().chain(format!(r#"{{"type":"error","message":"{id}"}}"#).into_bytes()).collect(),
        [br#"{"type":"error","message":"caf"#.as_slice(), &[0xC3], br#""}"#].concat(),
    ];
    let heard = events(native(1000), &lines.join(&b'\n'), &[4096]);
    let kinds: Vec<String> = heard
        .iter()
        .map(|event| match event {
            LineEvent::Fault(fault) => format!("{:?} {}", fault.kind, fault.count),
            LineEvent::Agent(AgentEvent::Unknown { kind, .. }) => format!("unknown {kind}"),
            LineEvent::Agent(AgentEvent::Warning { message }) => format!("warning {message}"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        format!("{:?} 1", FaultKind::Junk),
        format!("{:?} 1", FaultKind::TooLong),
        format!("{:?} 2", FaultKind::Junk),
        format!("{:?} 1", FaultKind::WrongSession),
        "unknown plan_updated".into(),
        format!("{:?} 1", FaultKind::Malformed),
        "unknown content_delta".into(),
        format!("{:?} 3", FaultKind::Junk),
        format!("warning {id}"),
        format!("{:?} 1", FaultKind::InvalidUtf8),
        "warning caf\u{fffd}".into(),
    ];
    // The third junk fault is counted but, being no power of two, not reported.
    let expected: Vec<String> = expected.into_iter().filter(|line| line != "Junk 3").collect();
    assert_eq!(kinds, expected);
}
