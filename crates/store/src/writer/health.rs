//! Telling whether saving works.

use std::sync::Arc;

use switchboard_domain::{Change, Health, Timestamp};

use crate::shared::Shared;

/// Publishes health when it changes, and keeps the number of unsaved changes fresh while it is bad.
pub(crate) struct HealthMonitor {
    shared: Arc<Shared>,
    degraded_since: Option<Timestamp>,
}

impl HealthMonitor {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, degraded_since: None }
    }

    /// Saving does not work at the moment.
    pub(crate) fn degrade(&mut self, reason: &str) {
        let since = *self.degraded_since.get_or_insert_with(|| {
            tracing::warn!(reason, "saving does not work; everything is kept in memory and tried again");
            self.shared.now()
        });
        self.shared.with_core(|core| {
            let health = Health::Degraded { since, reason: reason.to_owned(), unsaved: core.unsaved() };
            if *core.state().health() != health {
                core.push(Change::HealthChanged { health });
            }
        });
    }

    /// [`Self::degrade`], unless there is nothing to save.
    pub(crate) fn degrade_if_unsaved(&mut self, reason: &str) {
        if self.shared.with_core(|core| core.unsaved() > 0 || core.outbox.has_facts()) {
            self.degrade(reason);
        }
    }

    /// Saving works.
    pub(crate) fn recover(&mut self) {
        if self.degraded_since.take().is_some() {
            tracing::info!("saving works again");
            self.shared.with_core(|core| core.push(Change::HealthChanged { health: Health::Healthy }));
        }
    }
}
