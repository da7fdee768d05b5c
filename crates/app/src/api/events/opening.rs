//! A snapshot on its way to a listener, piece by piece.

use std::sync::Arc;

use switchboard_domain::Revision;
use switchboard_store::{Retelling, State};

use crate::api::events::filter::Filter;
use crate::api::events::frame;
use crate::api::wire::EventId;

/// A snapshot on its way: what is told of it is made as it is taken.
pub(super) struct Opening {
    id: EventId,
    durable: Revision,
    changes: Retelling,
    told: usize,
}

impl Opening {
    /// The snapshot of `state` as `filter` lets it through.
    pub(super) fn new(id: EventId, durable: Revision, state: Arc<State>, filter: &Filter) -> Self {
        Self { id, durable, changes: state.retell(|session| filter.telling(session)), told: 0 }
    }

    /// Writes the next pieces of it, until there are enough; whether it is whole now.
    pub(super) fn write(&mut self, text: &mut String, enough: usize) -> Progress {
        if self.told == 0 {
            text.push_str(&frame::snapshot_begins(self.id, self.durable));
        }
        while text.len() < enough {
            let Some(change) = self.changes.next() else {
                text.push_str(frame::SNAPSHOT_ENDS);
                return Progress::Whole;
            };
            frame::snapshot_goes_on(text, self.told == 0, &change);
            self.told += 1;
        }
        Progress::MoreToCome
    }
}

/// How far a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    MoreToCome,
    Whole,
}
