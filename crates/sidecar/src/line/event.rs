//! What comes in on a line: what the agent said, what could not be understood, and its end.

use std::fmt::{self, Write as _};
use std::process::ExitStatus as OsExitStatus;

use switchboard_domain::AgentEvent;

/// A fault shows at most this many characters of what was wrong: enough to recognise a banner or a
/// stack trace, little enough to be logged.
pub const SAMPLE_CHARS_MAX: usize = 200;

/// One thing that came in on a line.
#[derive(Clone, Debug, PartialEq)]
pub enum LineEvent {
    /// The agent said something.
    Agent(AgentEvent),
    /// The agent's program wrote something that is no part of its protocol. Never fatal.
    Fault(LineFault),
    /// The process is gone, and all it left behind with it. Always the last event of a line that had
    /// a process.
    Exited(Exit),
}

impl From<AgentEvent> for LineEvent {
    fn from(event: AgentEvent) -> Self {
        Self::Agent(event)
    }
}

/// What was wrong with a line of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// Not a line of the protocol at all: a shell banner, a stray `print`.
    Junk,
    /// Longer than the limit; skipped up to its end.
    TooLong,
    /// Not UTF-8. It was read with replacement characters, and used if that made sense.
    InvalidUtf8,
    /// About another session; not delivered.
    WrongSession,
    /// A known message that lacks what it needs. Delivered as [`AgentEvent::Unknown`], so no word is lost.
    Malformed,
}

impl FaultKind {
    /// Every kind there is.
    pub const ALL: [Self; 5] = [Self::Junk, Self::TooLong, Self::InvalidUtf8, Self::WrongSession, Self::Malformed];

    /// What it means, for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junk => "not a protocol message",
            Self::TooLong => "longer than the limit",
            Self::InvalidUtf8 => "not UTF-8",
            Self::WrongSession => "for another session",
            Self::Malformed => "malformed message",
        }
    }
}

/// Output that is no part of the protocol, counted.
///
/// A line reports each kind of fault at its 1st, 2nd, 4th, 8th … occurrence, so that a program that
/// writes nothing but junk costs a handful of events; `count` always says how many there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// What was wrong.
    pub kind: FaultKind,
    /// How often this kind has occurred on this line so far, this time included.
    pub count: u64,
    /// The size of the offending output in bytes.
    pub bytes: u64,
    /// Its beginning, at most [`SAMPLE_CHARS_MAX`] characters, control characters replaced.
    pub sample: String,
    /// More about it, when there is more to say than the kind.
    pub reason: Option<String>,
}

impl LineFault {
    /// The first fault of `kind`, about `text`.
    pub fn new(kind: FaultKind, text: &str) -> Self {
        Self { kind, count: 1, bytes: text.len() as u64, sample: sample(text), reason: None }
    }

    /// The same fault with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        self.reason = Some(sample(&reason.to_string()));
        self
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.as_str())?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        write!(f, ": {} ({} bytes, {} so far)", self.sample, self.bytes, self.count)
    }
}

/// The beginning of `text` in a form that is safe to show: bounded, without control characters.
pub(crate) fn sample(text: &str) -> String {
    let shown = text.chars().take(SAMPLE_CHARS_MAX);
    shown.map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its status.
    pub status: ExitStatus,
    /// The end of what it wrote to stderr, as it wrote it: bounded, invalid UTF-8 replaced, control
    /// characters and escapes *not* removed.
    pub stderr_tail: String,
}

/// At most this many of the last lines of stderr are shown with an exit: what a person reads at a glance.
const SHOWN_LINES_MAX: usize = 10;

/// And at most this many characters of them.
const SHOWN_CHARS_MAX: usize = 2000;

/// The status and the last lines of stderr, bounded and free of control characters.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        let tail = self.stderr_tail.trim_ascii();
        if tail.is_empty() {
            return Ok(());
        }
        let lines: Vec<&str> = tail.lines().rev().take(SHOWN_LINES_MAX).collect();
        let shown: Vec<char> = lines.into_iter().rev().collect::<Vec<_>>().join("\n").chars().collect();
        let end = &shown[shown.len().saturating_sub(SHOWN_CHARS_MAX)..];
        f.write_str(": ")?;
        let visible = |&c: &char| !c.is_control() || c == '\n' || c == '\t';
        end.iter().try_for_each(|c| f.write_char(if visible(c) { *c } else { char::REPLACEMENT_CHARACTER }))
    }
}

/// The status a process ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// It ended by itself with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// The operating system did not say.
    Unknown,
}

impl ExitStatus {
    /// Whether it is code 0.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl From<OsExitStatus> for ExitStatus {
    fn from(status: OsExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Unknown => f.write_str("unknown exit status"),
        }
    }
}

/// Only signals with the same number on every Unix.
const fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(ExitStatus::Code(3), "exit status 3")]
    #[case(ExitStatus::Signal(9), "killed by signal 9 (SIGKILL)")]
    #[case(ExitStatus::Signal(64), "killed by signal 64")]
    fn a_status_reads_well(#[case] status: ExitStatus, #[case] text: &str) {
        assert_eq!(status.to_string(), text);
    }

    #[rstest]
    #[case::silent("", "exit status 1")]
    #[case::one_line("boom\n", "exit status 1: boom")]
    #[case::escapes("\u{1b}[31mred", "exit status 1: \u{fffd}[31mred")]
    #[case::the_last_ten_lines(
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12",
        "exit status 1: 3\n4\n5\n6\n7\n8\n9\n10\n11\n12"
    )]
    fn an_exit_shows_the_end_of_stderr(#[case] stderr: &str, #[case] text: &str) {
        let exit = Exit { status: ExitStatus::Code(1), stderr_tail: stderr.into() };
        assert_eq!(exit.to_string(), text);
    }

    #[test]
    fn a_sample_is_short_and_holds_no_escape() {
        let fault = LineFault::new(FaultKind::Junk, &format!("\u{1b}[31m{}", "x".repeat(1000)));
        assert_eq!(fault.bytes, 1005);
        assert_eq!(fault.sample.chars().count(), SAMPLE_CHARS_MAX);
        assert!(!fault.to_string().chars().any(char::is_control));
    }
}
