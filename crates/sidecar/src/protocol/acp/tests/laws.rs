//! What holds for every input.

use proptest::prelude::*;

use super::recorded::CODEX;
use super::*;
use crate::protocol::transcript::{Play, outputs, spoils, spoilt, start};

/// A session that was started, and heard `bytes` in pieces of `sizes`.
fn play(bytes: &[u8], sizes: &[usize]) -> Play {
    let mut play = Play::new(ProtocolKind::Acp, None);
    play.tell(start("hello", None));
    play.bytes(bytes, sizes);
    play.exit(ExitStatus::Code(0));
    play
}

/// Replaces a value somewhere inside of `message`, so that it is JSON still, but perhaps no message; `path` says
/// where.
fn retype(message: &mut Value, path: usize, value: Value) {
    match message {
        Value::Object(fields) if !fields.is_empty() && !path.is_multiple_of(5) => {
            let field = path % fields.len();
            if let Some((_, inner)) = fields.iter_mut().nth(field) {
                retype(inner, path / 7, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let item = path % items.len();
            retype(&mut items[item], path / 7, value);
        }
        _ => *message = value,
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ]
}

/// The bytes of one recorded line, spoilt in one way or another.
fn spoilt_lines() -> impl Strategy<Value = Vec<u8>> {
    let line = || prop::sample::select(outputs(CODEX));
    prop_oneof![
        (line(), spoils()).prop_map(|(line, spoil)| spoilt(&line, spoil)),
        (line(), any::<usize>(), values()).prop_map(|(line, path, value)| {
            let mut message: Value = serde_json::from_str(&line).expect("JSON");
            retype(&mut message, path, value);
            message.to_string().into_bytes()
        }),
    ]
}

proptest! {
    #[test]
    fn what_happens_does_not_depend_on_how_the_bytes_were_read(sizes in prop::collection::vec(1_usize..300, 1..20)) {
        let bytes = outputs(CODEX).join("\n").into_bytes();
        let (pieces, whole) = (play(&bytes, &sizes), play(&bytes, &[usize::MAX]));
        prop_assert_eq!(pieces.line_events(), whole.line_events());
        prop_assert_eq!(pieces.written(), whole.written());
    }

    #[test]
    fn spoilt_lines_never_cost_a_good_one(lines in prop::collection::vec(spoilt_lines(), 0..20)) {
        let mut bytes = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            bytes.extend(line);
            let good = json!({"jsonrpc": "2.0", "method": "good", "params": number});
            bytes.extend(format!("\n{good}\n").into_bytes());
        }
        let heard = play(&bytes, &[97]).events().into_iter().filter_map(|event| match event {
            AgentEvent::Unknown { kind, raw } if kind == "good" => raw["params"].as_u64(),
            _ => None,
        });
        prop_assert_eq!(heard.collect::<Vec<_>>(), (0..lines.len() as u64).collect::<Vec<_>>());
    }
}
