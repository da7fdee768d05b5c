//! What the event stream says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use switchboard_domain::{Change, Revision};
use thiserror::Error;
use uuid::Uuid;

/// Names one life of a store: revisions start again with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(Uuid);

impl Epoch {
    /// One that never was before.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of an event in the order of everything, written `epoch:revision`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The life of the store.
    pub epoch: Epoch,
    /// The newest change that was told.
    pub revision: Revision,
}

/// The text is no event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an event id is written `epoch:revision`")]
pub struct EventIdError;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.revision)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (epoch, revision) = text.split_once(':').ok_or(EventIdError)?;
        let epoch = epoch.parse().map(Epoch).map_err(|_| EventIdError)?;
        let revision = revision.parse().map(Revision::new).map_err(|_| EventIdError)?;
        Ok(Self { epoch, revision })
    }
}

/// The data of a `snapshot`: everything there is, as changes to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The life of the store.
    pub epoch: Epoch,
    /// The newest change in it; what comes after it comes as events.
    pub revision: Revision,
    /// Every fact up to here is on disk.
    pub durable: Revision,
    /// What makes the state out of an empty one.
    pub changes: Vec<Change>,
}

/// The data of a `durable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurableReached {
    /// Every fact up to here is on disk.
    pub revision: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_is_read_back_as_it_was_written() {
        let id = EventId { epoch: Epoch::fresh(), revision: Revision::new(42) };
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "1", "x:1", ":", "01890a5d-ac96-774b-bcce-b302099a8057:x"] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text}");
        }
    }
}
