//! Reads a line that should be one JSON object.

use serde_json::Value;

use super::Output;
use crate::FaultKind;

/// What every object begins with; looked for behind junk that has no line end of its own, such as an
/// escape sequence of a shell's start-up file.
const OBJECT_START: &str = "{\"";

/// What a line is.
#[derive(Debug, PartialEq)]
pub(crate) enum JsonLine<'a> {
    /// Nothing.
    Blank,
    /// An object.
    Object {
        /// The object.
        value: Value,
        /// What stood before it and does not belong to it.
        junk: Option<&'a str>,
    },
    /// No object.
    Junk,
}

impl<'a> JsonLine<'a> {
    /// Reads `line`.
    pub(crate) fn read(line: &'a str) -> Self {
        if line.trim_ascii().is_empty() {
            return Self::Blank;
        }
        if let Some(value) = object(line) {
            return Self::Object { value, junk: None };
        }
        let behind = line.find(OBJECT_START).filter(|&start| start > 0).map(|start| line.split_at(start));
        match behind.and_then(|(junk, rest)| Some((junk, object(rest)?))) {
            Some((junk, value)) => Self::Object { value, junk: Some(junk) },
            None => Self::Junk,
        }
    }
}

/// The object on `line`. What is none, or stands before it, is reported as junk.
pub(crate) fn object_on(line: &str, out: &mut Output) -> Option<Value> {
    match JsonLine::read(line) {
        JsonLine::Blank => None,
        JsonLine::Junk => {
            out.fault(FaultKind::Junk, line);
            None
        }
        JsonLine::Object { value, junk } => {
            if let Some(junk) = junk {
                out.fault(FaultKind::Junk, junk);
            }
            Some(value)
        }
    }
}

fn object(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// The line that says `message`.
pub(crate) fn to_line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::nothing(" \t", JsonLine::Blank)]
    #[case::an_object(r#"{"a":1}"#, JsonLine::Object { value: json!({"a": 1}), junk: None })]
    #[case::behind_an_escape("\u{1b}[0m{\"a\":1}", JsonLine::Object { value: json!({"a": 1}), junk: Some("\u{1b}[0m") })]
    #[case::a_banner("Welcome!", JsonLine::Junk)]
    #[case::no_object("[1]", JsonLine::Junk)]
    #[case::half_an_object(r#"{"a":"#, JsonLine::Junk)]
    fn a_line_is_read(#[case] line: &str, #[case] read: JsonLine<'_>) {
        assert_eq!(JsonLine::read(line), read);
    }
}
