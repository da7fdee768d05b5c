//! Tool calls and their answers on one line each.

use serde_json::Value;
use switchboard_domain::ToolCall;

use crate::terminal::single_line;

/// A summary longer than this is cut; the transcript has all of it.
const SUMMARY_CHARS_MAX: usize = 100;

/// The fields that say best what a call does, in the words that agents use, best first.
const TELLING_FIELDS: [&str; 10] =
    ["command", "cmd", "file_path", "path", "pattern", "query", "url", "title", "description", "prompt"];

/// What a call is given, in a few words: its most telling field, or the start of its JSON.
pub(crate) fn input_summary(input: &Value) -> String {
    let telling = TELLING_FIELDS.iter().find_map(|field| words(input.get(field)?));
    match (telling, input) {
        (Some(text), _) => short(&text),
        (None, Value::String(text)) => short(text),
        (None, Value::Null) => String::new(),
        (None, Value::Object(fields)) if fields.is_empty() => String::new(),
        (None, other) => short(&other.to_string()),
    }
}

/// A text, or the words of a command in a row.
fn words(value: &Value) -> Option<String> {
    let word = |word: &Value| word.as_str().map(str::to_owned);
    word(value).or_else(|| Some(value.as_array()?.iter().map(word).collect::<Option<Vec<_>>>()?.join(" ")))
}

/// What came of a call, in a few words: its first line, and how many more there are.
pub(crate) fn output_summary(output: &Value) -> String {
    let text = match output {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => output_text(other).map_or_else(|| other.to_string(), str::to_owned),
    };
    let mut lines = text.lines().map(short).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return "nothing".to_owned() };
    match lines.count() {
        0 => first,
        1 => format!("{first} (+1 line)"),
        more => format!("{first} (+{more} lines)"),
    }
}

/// The text in an answer that wraps it.
fn output_text(output: &Value) -> Option<&str> {
    let fields = ["output", "stdout", "content", "text", "error"];
    output.as_str().or_else(|| fields.iter().find_map(|field| output_text(output.get(field)?)))
}

/// A call on one line: the tool and what it is given.
pub(crate) fn call_summary(call: &ToolCall) -> (String, String) {
    (short(&call.name), input_summary(&call.input))
}

fn short(text: &str) -> String {
    let line = single_line(text);
    match line.char_indices().nth(SUMMARY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::a_command(json!({"description": "Run tests", "command": "cargo test"}), "cargo test")]
    #[case::a_file(json!({"file_path": "src/lib.rs", "limit": 3}), "src/lib.rs")]
    #[case::words(json!({"cwd": "/p", "command": ["bash", "-c", "ls"]}), "bash -c ls")]
    #[case::plain_text(json!("ls"), "ls")]
    #[case::unknown_fields(json!({"a": 1}), r#"{"a":1}"#)]
    #[case::nothing(json!(null), "")]
    #[case::no_fields(json!({}), "")]
    #[case::several_lines(json!({"command": "a\nb"}), "a b")]
    #[case::escape_codes(json!({"command": "\u{1b}[2Jrm"}), "rm")]
    fn inputs(#[case] input: Value, #[case] summary: &str) {
        assert_eq!(input_summary(&input), summary);
    }

    #[rstest]
    #[case::one_line(json!("ok\n"), "ok")]
    #[case::two_lines(json!("a\nb"), "a (+1 line)")]
    #[case::blank_lines_do_not_count(json!("\n\na\n\nb\nc\n"), "a (+2 lines)")]
    #[case::wrapped(json!({"stdout": "out", "code": 0}), "out")]
    #[case::wrapped_twice(json!({"status": "failed", "output": {"error": "no"}}), "no")]
    #[case::a_number(json!(3), "3")]
    #[case::empty(json!(""), "nothing")]
    fn outputs(#[case] output: Value, #[case] summary: &str) {
        assert_eq!(output_summary(&output), summary);
    }

    #[test]
    fn a_long_summary_is_cut() {
        let summary = input_summary(&json!("é".repeat(500)));
        assert_eq!(summary.chars().count(), SUMMARY_CHARS_MAX + 1);
    }
}
