//! The few styles there are, so that every command looks alike.

use anstyle::{AnsiColor, Effects};
use switchboard_domain::SessionStatus;

/// How a piece of text looks. Written as escape codes that the output stream strips where colour is
/// not wanted (`NO_COLOR`, a pipe).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style(anstyle::Style);

impl Style {
    /// As it comes.
    pub(crate) const PLAIN: Self = Self(anstyle::Style::new());
    /// What stands out.
    pub(crate) const STRONG: Self = Self(anstyle::Style::new().effects(Effects::BOLD));
    /// What may be passed over.
    pub(crate) const DIM: Self = Self(anstyle::Style::new().effects(Effects::DIMMED));
    /// What went well.
    pub(crate) const GOOD: Self = Self(AnsiColor::Green.on_default());
    /// What went wrong.
    pub(crate) const BAD: Self = Self(AnsiColor::Red.on_default().effects(Effects::BOLD));
    /// What waits for a person.
    pub(crate) const ATTENTION: Self = Self(AnsiColor::Yellow.on_default().effects(Effects::BOLD));
    /// What is under way, and names of things.
    pub(crate) const ACCENT: Self = Self(AnsiColor::Cyan.on_default());

    /// `text` between the escape codes of this style.
    pub(crate) fn paint(self, text: &str) -> String {
        if self == Self::PLAIN {
            return text.to_owned();
        }
        format!("{}{text}{}", self.0, self.0.render_reset())
    }
}

/// The style of a session's status.
pub(crate) const fn status_style(status: SessionStatus) -> Style {
    match status {
        SessionStatus::Running => Style::ACCENT,
        SessionStatus::Completed => Style::GOOD,
        SessionStatus::Failed => Style::BAD,
        SessionStatus::Aborted | SessionStatus::Interrupted => Style::ATTENTION,
    }
}
