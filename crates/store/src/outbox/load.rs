//! How much of something there is, for the limit on what is unsaved and for telling a person.

use std::ops::{Add, AddAssign};

use switchboard_domain::{Change, SessionChange};

use crate::backlog::weight;

/// A number of changes and about how much memory they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) changes: u64,
    pub(crate) bytes: usize,
}

impl Load {
    /// What one change adds. A piece of unfinished text adds its length and no more, since all pieces
    /// together become one row.
    pub(crate) fn of(change: &Change) -> Self {
        let bytes = match change {
            Change::Session {
                change: SessionChange::ContentStreamed { text } | SessionChange::ThinkingStreamed { text },
                ..
            } => text.len(),
            _ => weight(change),
        };
        Self { changes: 1, bytes }
    }
}

impl Add for Load {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { changes: self.changes + other.changes, bytes: self.bytes + other.bytes }
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
