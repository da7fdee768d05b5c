//! How a disk is today.

use std::time::Duration;

use crate::simulation::dice::Dice;

/// How a disk is today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Every commit goes through, at once or soon.
    #[default]
    Calm,
    /// Any commit may fail, wait or end in doubt; now and then reading fails.
    Rough,
    /// No commit goes through.
    Dead,
    /// Every commit takes seconds.
    Slow,
}

/// What one commit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Goes through after a while.
    Pass(Duration),
    /// Writes nothing and says so.
    NotWritten,
    /// Writes and flushes everything, and says that it does not know.
    UnknownButWritten,
    /// Writes everything, flushes nothing, and says that it does not know.
    UnknownAndUnflushed,
    /// Writes nothing, and says that it does not know.
    UnknownAndLost,
}

impl Step {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pass(wait) if wait.as_millis() > 1_000 => "commit stalled",
            Self::Pass(_) => "commit passed",
            Self::NotWritten => "commit failed",
            Self::UnknownButWritten => "commit unknown, written",
            Self::UnknownAndUnflushed => "commit unknown, unflushed",
            Self::UnknownAndLost => "commit unknown, lost",
        }
    }
}

impl Weather {
    /// Any, most often calm.
    pub(crate) fn any(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..=4 => Self::Calm,
            5..=7 => Self::Rough,
            8 => Self::Dead,
            _ => Self::Slow,
        }
    }

    /// What the next commit does.
    pub(super) fn next_step(self, dice: &mut Dice) -> Step {
        match (self, dice.below(10)) {
            (Self::Calm, 0..=5) => Step::Pass(Duration::ZERO),
            (Self::Calm, _) | (Self::Rough, 0..=3) => Step::Pass(dice.milliseconds(10)),
            (Self::Rough, 4) => Step::Pass(dice.milliseconds(1_500)),
            (Self::Rough, 5 | 6) | (Self::Dead, _) => Step::NotWritten,
            (Self::Rough, 7) => Step::UnknownButWritten,
            (Self::Rough, 8) => Step::UnknownAndUnflushed,
            (Self::Rough, _) => Step::UnknownAndLost,
            (Self::Slow, _) => Step::Pass(Duration::from_millis(500) + dice.milliseconds(3_000)),
        }
    }

    /// Whether anything but a commit fails this time.
    pub(super) fn refuses(self, dice: &mut Dice) -> bool {
        match self {
            Self::Calm | Self::Slow => false,
            Self::Rough | Self::Dead => dice.happens(100),
        }
    }
}
