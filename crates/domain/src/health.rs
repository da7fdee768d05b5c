//! Whether what is in memory gets to disk.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whether what is in memory gets to disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Health {
    /// It does.
    #[default]
    Healthy,
    /// It does not at the moment; nothing is lost while the app runs, and saving goes on by itself.
    Degraded {
        /// Since when.
        since: Timestamp,
        /// What the database says.
        reason: String,
        /// Rows that wait to be saved.
        unsaved: u64,
    },
}
