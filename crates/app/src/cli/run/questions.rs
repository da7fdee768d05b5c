//! Asking a person for approval, on the terminal.
//!
//! Only what is typed after a question was shown counts as its answer: keys that were meant for
//! something else, or pasted lines, must never approve a call that nobody has read.

use std::io::{self, BufRead, IsTerminal};
use std::time::Instant;

use serde_json::Value;
use switchboard_domain::{Approval, RequestId, SessionId};
use tokio::sync::mpsc;

use crate::terminal::{Style, single_line, visible};

/// Lines typed while nobody asks are dropped anyway, so few need to be kept.
const LINES_KEPT: usize = 4;

/// A line, and when it was there.
#[derive(Debug)]
pub(super) struct Typed {
    /// What was typed; `None` when standard input has ended.
    pub(super) line: Option<String>,
    at: Instant,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This call may be made.
    Yes,
    /// It may not.
    No,
    /// This one and all that follow in this run.
    Always,
    /// Something else was typed, or nothing.
    Unclear,
}

/// A question that waits for an answer.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Whose agent asks.
    pub(super) session: SessionId,
    /// What it asks.
    pub(super) request: RequestId,
    shown_at: Instant,
}

/// The person at the terminal, if there is one.
#[derive(Debug)]
pub(super) enum Questions {
    /// Nobody can answer.
    Nobody,
    /// Somebody can; standard input is read from the first question on.
    Somebody {
        /// What is typed, once somebody was asked.
        typed: Option<mpsc::Receiver<Typed>>,
    },
}

impl Questions {
    /// Whether this process has somebody to ask: both what is asked and what is typed must be at a terminal.
    pub(super) fn for_this_process() -> Self {
        if io::stdin().is_terminal() && io::stderr().is_terminal() {
            Self::Somebody { typed: None }
        } else {
            Self::Nobody
        }
    }

    /// Whether somebody can answer.
    pub(super) const fn can_ask(&self) -> bool {
        matches!(self, Self::Somebody { .. })
    }

    /// Begins to wait for the answer to a question that has just been shown.
    pub(super) fn open(&mut self, approval: &Approval) -> Question {
        if let Self::Somebody { typed } = self {
            typed.get_or_insert_with(read_lines);
            forget_typed_ahead();
        }
        Question {
            session: approval.session_id,
            request: approval.request.request_id.clone(),
            shown_at: Instant::now(),
        }
    }

    /// The next line that is typed. Cancellation-safe. Waits for ever when nobody was asked.
    pub(super) async fn next(&mut self) -> Typed {
        match self {
            Self::Somebody { typed: Some(typed) } => {
                typed.recv().await.unwrap_or_else(|| Typed { line: None, at: Instant::now() })
            }
            _ => std::future::pending().await,
        }
    }
}

impl Question {
    /// Whether a line was typed after the question was shown.
    pub(super) fn is_answered_by(&self, typed: &Typed) -> bool {
        typed.at > self.shown_at
    }
}

/// Reads standard input in a thread of its own, which ends with the process: nothing can interrupt
/// such a read, and the runtime must not wait for it.
fn read_lines() -> mpsc::Receiver<Typed> {
    let (lines, typed) = mpsc::channel(LINES_KEPT);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if lines.blocking_send(Typed { line: line.ok(), at: Instant::now() }).is_err() {
                return;
            }
        }
        let _nobody = lines.blocking_send(Typed { line: None, at: Instant::now() });
    });
    typed
}

/// Drops what was typed before the question could be read.
fn forget_typed_ahead() {
    #[cfg(unix)]
    if let Err(error) = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush) {
        tracing::debug!(%error, "typed ahead lines were not dropped");
    }
}

/// What a line means as an answer. Nothing but a clear word is a yes.
pub(super) fn verdict(line: &str) -> Verdict {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Verdict::Yes,
        "n" | "no" => Verdict::No,
        "a" | "always" => Verdict::Always,
        _ => Verdict::Unclear,
    }
}

/// The question: who asks, for which tool, and all that it is given, with nothing hidden and nothing
/// left out.
pub(super) fn question(approval: &Approval, title: &str) -> String {
    let tool = Style::STRONG.paint(&visible(&approval.request.tool_name).replace('\n', "␊"));
    let id = Style::ACCENT.paint(&approval.session_id.short());
    let head =
        format!("{} {id} {} wants to use {tool}:", Style::ATTENTION.paint("?"), Style::DIM.paint(&single_line(title)));
    format!("\n{head}\n\n{}\n", indented(&input(&approval.request.input)))
}

/// What comes before the cursor.
pub(super) const PROMPT: &str = "  Allow it? [y]es, [n]o, [a]lways from now on: ";

fn input(input: &Value) -> String {
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) if text.contains('\n') => format!("{}:\n{}", visible(name), indented(&visible(text))),
        Value::String(text) => format!("{}: {}", visible(name), visible(text)),
        other => format!("{}: {}", visible(name), visible(&format!("{other:#}"))),
    };
    match input {
        Value::Object(fields) => fields.iter().map(field).collect::<Vec<_>>().join("\n"),
        Value::String(text) => visible(text),
        other => visible(&format!("{other:#}")),
    }
}

fn indented(text: &str) -> String {
    text.split('\n').map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use switchboard_domain::{ApprovalRequest, Timestamp};

    use super::*;

    #[rstest]
    #[case("y", Verdict::Yes)]
    #[case(" YES ", Verdict::Yes)]
    #[case("n", Verdict::No)]
    #[case("a", Verdict::Always)]
    #[case("", Verdict::Unclear)]
    #[case("yep", Verdict::Unclear)]
    #[case("yes please", Verdict::Unclear)]
    fn only_a_clear_word_is_an_answer(#[case] line: &str, #[case] expected: Verdict) {
        assert_eq!(verdict(line), expected);
    }

    fn approval(input: Value) -> Approval {
        let request = ApprovalRequest {
            request_id: RequestId::new("apr_1"),
            tool_name: "Bash\u{1b}[2J".into(),
            input,
            suggestions: None,
        };
        Approval::new(SessionId::new(uuid::Uuid::nil()), request, Timestamp::from_micros(0))
    }

    #[test]
    fn the_whole_command_is_shown_and_nothing_in_it_hides() {
        let long = "x".repeat(20_000);
        let command = format!("ls\rrm -rf /\u{1b}[1A\u{202e}\necho {long}");
        let approval = approval(json!({"command": command, "timeout": 3}));
        let shown = anstream::adapter::strip_str(&question(&approval, "a title")).to_string().replace(&long, "LONG");
        insta::assert_snapshot!(shown, @r"
        ? 00000000 a title wants to use Bash␛[2J:

            command:
                ls␍rm -rf /␛[1A\u{202e}
                echo LONG
            timeout: 3
        ");
    }

    #[test]
    fn only_what_is_typed_after_the_question_counts() {
        let before = Typed { line: Some("y".to_owned()), at: Instant::now() };
        let question = Questions::Nobody.open(&approval(json!(null)));
        assert!(!question.is_answered_by(&before));
    }
}
