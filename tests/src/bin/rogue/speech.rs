//! Misbehaving with words alone.

use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use switchboard_tests::workload;

use crate::voice::{Voice, to_stderr};
use crate::{LIFETIME_MAX, Misbehaviour};

/// Much more than any sane line.
const GIANT_LINE_BYTES: u64 = 1 << 30;
/// More than a terminal could ever show.
const FLOOD_EVENTS: u64 = 100_000;
/// More than any pipe or ring holds.
const STDERR_BYTES: u64 = 64 << 20;
/// Beyond what parsers accept.
const JSON_LEVELS: u64 = 10_000;
/// Ten seconds of them.
const PACED_EVENTS: u64 = 1_000;
/// A hundred a second.
const PACE: Duration = Duration::from_millis(10);
/// As fast as somebody speaks.
const TICK_MILLIS: u64 = 20;

/// What a terminal would obey: a title, a colour, a cleared screen, a reply request, an 8-bit CSI, a bell, backspaces.
const ESCAPES: &str = "\u{1b}]0;owned\u{7}\u{1b}[45;5mloud\u{1b}[2J\u{1b}[c\u{9b}5mblink\u{7}\u{8}\u{8}over\rcovered";

/// A whole turn that goes wrong only in what is said.
pub(crate) fn turn(how: Misbehaviour, amount: Option<u64>, voice: &mut Voice, prompt: &str) -> io::Result<()> {
    match how {
        Misbehaviour::Stubborn => voice.started(),
        Misbehaviour::Garble => garble(voice, prompt),
        Misbehaviour::InvalidUtf8 => invalid_utf8(voice),
        Misbehaviour::SplitUtf8 => split_utf8(voice),
        Misbehaviour::GiantLine => giant_line(voice, prompt, amount.unwrap_or(GIANT_LINE_BYTES)),
        Misbehaviour::Flood => flood(voice, amount.unwrap_or(FLOOD_EVENTS)),
        Misbehaviour::StderrFlood => stderr_flood(voice, prompt, amount.unwrap_or(STDERR_BYTES)),
        Misbehaviour::Chatter => chatter(voice, amount.unwrap_or(FLOOD_EVENTS), |number| format!("number {number}")),
        Misbehaviour::Talker => {
            chatter(voice, amount.unwrap_or(FLOOD_EVENTS), |number| workload::message(number).content)
        }
        Misbehaviour::Ticker => ticker(voice, Duration::from_millis(amount.unwrap_or(TICK_MILLIS))),
        Misbehaviour::Pacer => pacer(voice, amount.unwrap_or(PACED_EVENTS)),
        Misbehaviour::Escapes => escapes(voice),
        Misbehaviour::DeepJson => deep_json(voice, prompt, amount.unwrap_or(JSON_LEVELS)),
        Misbehaviour::UnknownEvents => unknown_events(voice, prompt),
        Misbehaviour::ForeignSession => foreign_session(voice, prompt),
        Misbehaviour::AfterCompletion => after_completion(voice, prompt),
        Misbehaviour::Approval => ask(voice, 1),
        Misbehaviour::DuplicateApprovals => ask(voice, 2),
        Misbehaviour::Fail => voice.started().and_then(|()| voice.say("session_failed", json!({ "error": "no more" }))),
        _ => good_turn(voice, prompt),
    }
}

/// What everybody should do.
pub(crate) fn good_turn(voice: &mut Voice, prompt: &str) -> io::Result<()> {
    voice.started()?;
    voice.message(&format!("you said: {prompt}"))?;
    voice.completed()
}

fn garble(voice: &mut Voice, prompt: &str) -> io::Result<()> {
    for junk in ["Welcome to your shell!", "", "{\"type\":\"mess", "[1,2,3]", "42", "null", "{}", "{\"type\":7}"] {
        voice.raw(format!("{junk}\n").as_bytes())?;
    }
    voice.raw(b"{\"type\":\"message\",\"role\":\"assistant\"}\n{\"type\":\"content_delta\",\"delta\":{}}\n")?;
    voice.raw(b"a line that ends as on another system\r\n\0\0\0\n")?;
    good_turn(voice, prompt)
}

pub(crate) fn half_line(voice: &mut Voice) -> io::Result<()> {
    voice.started()?;
    voice.raw(b"{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"half of it")
}

fn invalid_utf8(voice: &mut Voice) -> io::Result<()> {
    voice.started()?;
    let id = voice.session_id.clone();
    let line = format!("{{\"type\":\"message\",\"sessionId\":\"{id}\",\"role\":\"assistant\",\"content\":\"");
    voice.raw(&[line.as_bytes(), b"broken \xff\xfe text\"}\n"].concat())?;
    voice.message("whole again")?;
    voice.completed()
}

fn split_utf8(voice: &mut Voice) -> io::Result<()> {
    voice.started()?;
    let id = voice.session_id.clone();
    let line = format!(
        "{{\"type\":\"message\",\"sessionId\":\"{id}\",\"role\":\"assistant\",\"content\":\"one \u{1f980} crab\"}}\n"
    );
    for byte in line.as_bytes() {
        voice.raw(&[*byte])?;
    }
    voice.completed()
}

fn giant_line(voice: &mut Voice, prompt: &str, bytes: u64) -> io::Result<()> {
    voice.started()?;
    voice.raw(b"{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"")?;
    repeat(bytes, |chunk| voice.raw(chunk))?;
    voice.raw(b"\"}\n")?;
    voice.message(&format!("you said: {prompt}"))?;
    voice.completed()
}

fn flood(voice: &mut Voice, events: u64) -> io::Result<()> {
    voice.started()?;
    for number in 0..events {
        voice.mutter("content_delta", json!({ "delta": format!("{number} ") }))?;
    }
    voice.message("flooded")?;
    voice.completed()
}

fn stderr_flood(voice: &mut Voice, prompt: &str, bytes: u64) -> io::Result<()> {
    repeat(bytes, |chunk| {
        to_stderr(chunk);
        Ok(())
    })?;
    to_stderr(b"\nthe last line of standard error\n");
    good_turn(voice, prompt)
}

fn chatter(voice: &mut Voice, messages: u64, text: impl Fn(u64) -> String) -> io::Result<()> {
    voice.started()?;
    for number in 1..=messages {
        voice.mutter("message", json!({ "role": "assistant", "content": text(number) }))?;
    }
    voice.completed()
}

fn ticker(voice: &mut Voice, every: Duration) -> io::Result<()> {
    voice.started()?;
    let began = Instant::now();
    let mut number = 0_u64;
    while began.elapsed() < LIFETIME_MAX {
        number += 1;
        voice.message(&format!("number {number}"))?;
        thread::sleep(every);
    }
    voice.completed()
}

fn pacer(voice: &mut Voice, events: u64) -> io::Result<()> {
    voice.started()?;
    let began = Instant::now();
    for number in 1..=events {
        let due = PACE.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
        thread::sleep(due.saturating_sub(began.elapsed()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
        if number.is_multiple_of(10) {
            voice.message(&now)?;
        } else {
            voice.say("content_delta", json!({ "delta": now }))?;
        }
    }
    voice.completed()
}

fn escapes(voice: &mut Voice) -> io::Result<()> {
    voice.started()?;
    to_stderr(format!("{ESCAPES}\n").as_bytes());
    let call = json!({ "toolName": ESCAPES, "input": { ESCAPES: ESCAPES }, "toolUseId": "t1" });
    voice.say("content_delta", json!({ "delta": ESCAPES }))?;
    voice.say("thinking_delta", json!({ "delta": ESCAPES }))?;
    voice.say("tool_use", call)?;
    voice.say("tool_progress", json!({ "toolName": ESCAPES, "elapsedSeconds": 1 }))?;
    voice.say("tool_result", json!({ "toolName": ESCAPES, "output": ESCAPES, "toolUseId": "t1" }))?;
    voice.message(&format!("before {ESCAPES} after"))?;
    voice.say("error", json!({ "message": ESCAPES }))?;
    voice.say("session_failed", json!({ "error": ESCAPES }))
}

fn deep_json(voice: &mut Voice, prompt: &str, levels: u64) -> io::Result<()> {
    let levels = usize::try_from(levels).unwrap_or(usize::MAX);
    voice.raw(format!("{}{}\n", "[".repeat(levels), "]".repeat(levels)).as_bytes())?;
    voice.raw(
        format!("{{\"type\":\"tool_use\",\"input\":{}{}}}\n", "{\"a\":".repeat(levels), "1}".repeat(levels)).as_bytes(),
    )?;
    good_turn(voice, prompt)
}

fn unknown_events(voice: &mut Voice, prompt: &str) -> io::Result<()> {
    voice.started()?;
    voice.say("telepathy", json!({ "thought": "hello" }))?;
    voice.say("telepathy", json!({ "thought": "hello again" }))?;
    voice.say("message", json!({ "role": "oracle", "content": "from an unknown role" }))?;
    voice.say("message", json!({ "role": "assistant", "content": format!("you said: {prompt}"), "aura": "blue" }))?;
    voice.completed()
}

fn foreign_session(voice: &mut Voice, prompt: &str) -> io::Result<()> {
    voice.started()?;
    let own = std::mem::replace(&mut voice.session_id, "00000000-0000-7000-8000-000000000001".to_owned());
    voice.message("said in another's name")?;
    voice.completed()?;
    voice.session_id = own;
    voice.message(&format!("you said: {prompt}"))?;
    voice.completed()
}

fn after_completion(voice: &mut Voice, prompt: &str) -> io::Result<()> {
    good_turn(voice, prompt)?;
    voice.say("content_delta", json!({ "delta": "one more thing" }))?;
    voice.say("tool_use", json!({ "toolName": "shell", "input": {}, "toolUseId": "late" }))?;
    voice.completed()?;
    voice.say("session_failed", json!({ "error": "too late" }))
}

fn ask(voice: &mut Voice, times: usize) -> io::Result<()> {
    voice.started()?;
    for time in 1..=times {
        let input = json!({ "command": format!("rm -r build-{time}") });
        voice.say("tool_approval_request", json!({ "requestId": "apr_1", "toolName": "shell", "input": input }))?;
    }
    Ok(())
}

/// What became of the approval, as a message, and the end of the turn.
pub(crate) fn repeat_answer(voice: &mut Voice, heard: &Value) -> io::Result<()> {
    voice.message(&format!("{} allowed: {}", heard["requestId"], heard["allowed"]))?;
    voice.completed()
}

/// Writes `bytes` bytes of text in large pieces.
fn repeat(bytes: u64, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let chunk = vec![b'x'; 64 * 1024];
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    while left > 0 {
        let count = left.min(chunk.len());
        write(&chunk[..count])?;
        left -= count;
    }
    Ok(())
}
