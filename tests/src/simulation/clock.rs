//! Time and ids that are the same in each run of a seed.

use std::sync::Arc;

use switchboard_domain::Timestamp;
use switchboard_store::{Clock, IdSource};
use tokio::time::Instant;
use uuid::Uuid;

use crate::simulation::World;

/// Moments that a database can tell apart start here: some day in 2023.
const BEGINNING_MICROS: i64 = 1_700_000_000_000_000;
/// So far apart are two lives: longer than any lasts.
const ERA_MICROS: i64 = 86_400_000_000;

/// The time of the paused runtime.
pub(crate) struct SimulatedClock {
    since: Instant,
    era: i64,
}

impl SimulatedClock {
    /// A clock for the life of this number.
    pub(crate) fn new(life: u64) -> Self {
        let era = BEGINNING_MICROS + i64::try_from(life).unwrap_or(0) * ERA_MICROS;
        Self { since: Instant::now(), era }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.era.saturating_add(micros))
    }
}

/// Ids in the order of their making.
pub(crate) struct SimulatedIds(pub(crate) Arc<World>);

impl IdSource for SimulatedIds {
    fn next_id(&self) -> Uuid {
        self.0.id()
    }
}
