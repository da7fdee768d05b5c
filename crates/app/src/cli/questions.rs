//! Asking a person for approval, on the terminal.
//!
//! Only what is typed after a question was shown counts as its answer: keys that were meant for
//! something else, or pasted lines, must never approve a call that nobody has read.

pub(super) mod lasting;
mod wording;

use std::io::{self, BufRead, IsTerminal};
use std::time::Instant;

use switchboard_domain::{Approval, RequestId, Rule, SessionId};
use tokio::sync::mpsc;

pub(super) use wording::{PROMPT, Verdict, question, verdict};

/// Lines typed while nobody asks are dropped anyway, so few need to be kept.
const LINES_KEPT: usize = 4;

/// A line, and when it was there.
#[derive(Debug)]
pub(super) struct Typed {
    /// What was typed; `None` when standard input has ended.
    pub(super) line: Option<String>,
    at: Instant,
}

/// A question that waits for an answer.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Whose agent asks.
    pub(super) session: SessionId,
    /// What it asks.
    pub(super) request: RequestId,
    /// The rules to choose from, once "always" was answered.
    pub(super) offers: Option<Vec<Rule>>,
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
        self.begin_to_listen();
        Question {
            session: approval.session_id,
            request: approval.request.request_id.clone(),
            offers: None,
            shown_at: Instant::now(),
        }
    }

    /// Begins to wait for which of `offers` shall hold, which has just been asked.
    pub(super) fn go_on(&mut self, question: Question, offers: Vec<Rule>) -> Question {
        self.begin_to_listen();
        Question { offers: Some(offers), shown_at: Instant::now(), ..question }
    }

    fn begin_to_listen(&mut self) {
        if let Self::Somebody { typed } = self {
            typed.get_or_insert_with(read_lines);
            forget_typed_ahead();
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
    /// The question as it was before "always" was answered.
    pub(super) fn again(self) -> Self {
        Self { offers: None, ..self }
    }

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_typed_after_the_question_counts() {
        let before = Typed { line: Some("y".to_owned()), at: Instant::now() };
        let question = Questions::Nobody.open(&wording::tests::approval(json!(null)));
        assert!(!question.is_answered_by(&before));
    }
}
