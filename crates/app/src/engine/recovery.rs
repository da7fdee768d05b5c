//! After a crash: making sure that nothing the predecessor started still runs, before anything is
//! called interrupted.

use switchboard_sidecar::orphans::{self, Orphans};
use switchboard_store::{HydrateError, Hydration, Leftover, Store};

/// What was found at the start.
#[derive(Debug)]
pub struct Recovery {
    /// What the store read, and which sessions were interrupted.
    pub hydration: Hydration,
    /// Processes of killed predecessors that were ended.
    pub orphans_ended: usize,
    /// Processes that could not be ended, by id.
    pub orphans_left: Vec<u32>,
}

/// Brings a store to life: ends what a killed predecessor's agents left running, then hydrates.
///
/// Only for the owner of the data folder.
///
/// # Errors
/// When the sessions cannot be read.
pub async fn recover(store: &Store) -> Result<Recovery, HydrateError> {
    let (mut orphans_ended, mut orphans_left) = (0, Vec::new());
    let end_leftovers = async |leftovers: &[Leftover]| {
        for leftover in leftovers {
            match orphans::end(leftover.worker, leftover.session_id).await {
                Orphans::None => {}
                Orphans::Ended(processes) => orphans_ended += processes,
                Orphans::Surviving(processes) => orphans_left.extend(processes),
            }
        }
    };
    let hydration = store.hydrate_after(end_leftovers).await?;
    if orphans_ended > 0 {
        tracing::warn!(orphans_ended, "ended what agents of a killed predecessor had left running");
    }
    if !orphans_left.is_empty() {
        tracing::error!(pids = ?orphans_left, "processes of a killed predecessor could not be ended");
    }
    Ok(Recovery { hydration, orphans_ended, orphans_left })
}
