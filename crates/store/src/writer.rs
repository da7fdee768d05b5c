//! The one task that brings memory to disk.
//!
//! It takes whatever is dirty, commits it as one batch, and says how far the disk is. While a commit
//! is under way the next batch gathers, so batches grow with the load (group commit). Trouble is
//! retried for as long as it takes; only a row that the database can never take is set aside.

mod batch;
mod health;

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::Revision;
use tokio::time::{Instant, timeout};

use crate::locked::{Core, Departure};
use crate::port::{Persistence, Upkeep};
use crate::shared::Shared;
use batch::Settled;
use health::HealthMonitor;

/// Under steady load one slice of upkeep is squeezed in this often, so that search lags about as much.
const UPKEEP_UNDER_LOAD_EVERY: Duration = Duration::from_secs(1);

/// A person waits for the end of the program; upkeep that is not through by then is the next owner's.
const UPKEEP_AT_CLOSE_MAX: Duration = Duration::from_millis(500);

/// The task that owns the way to the disk.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    persistence: Arc<dyn Persistence>,
    health: HealthMonitor,
    /// When unfinished text is to be saved, once there is some.
    checkpoint_at: Option<Instant>,
    upkeep: Upkeep,
    last_upkeep: Instant,
}

/// What the writer does next.
enum Step {
    Commit(Departure),
    Upkeep,
    Wait(Option<Instant>),
    Close,
}

/// Why the writer stopped before everything was saved: it was told to.
pub(crate) struct Abandoned;

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            persistence: Arc::clone(&shared.persistence),
            health: HealthMonitor::new(Arc::clone(&shared)),
            shared,
            checkpoint_at: None,
            upkeep: Upkeep::More,
            last_upkeep: Instant::now(),
        }
    }

    /// Runs until the store is closed and everything is on disk, or until it is told to give up.
    pub(crate) async fn run(mut self) {
        let _ending = Ending { shared: Arc::clone(&self.shared) };
        loop {
            let step = self.decide();
            match step {
                Step::Commit(departure) => {
                    if let Err(Abandoned) = self.commit(departure).await {
                        break;
                    }
                }
                Step::Upkeep => self.maintain().await,
                Step::Wait(until) => self.wait(until).await,
                Step::Close => {
                    self.finish_upkeep().await;
                    break;
                }
            }
        }
        if let Err(error) = self.persistence.close().await {
            tracing::warn!(%error, "the database did not close cleanly; nothing is lost");
        }
    }

    /// What was said last is to be found by whoever searches next, though nobody owns the database then.
    async fn finish_upkeep(&mut self) {
        let until = Instant::now() + UPKEEP_AT_CLOSE_MAX;
        while self.upkeep == Upkeep::More && Instant::now() < until {
            self.maintain().await;
        }
    }

    fn decide(&mut self) -> Step {
        let now = Instant::now();
        let shared = Arc::clone(&self.shared);
        shared.with_core(|core| self.decide_under_lock(core, now))
    }

    fn decide_under_lock(&mut self, core: &mut Core, now: Instant) -> Step {
        let asked = core.flush_is_asked() || core.closing;
        self.arm_checkpoint(core, now);
        let draft_is_due = core.outbox.drafts_wait() && (asked || self.checkpoint_at.is_some_and(|at| now >= at));
        let overdue_upkeep = self.upkeep == Upkeep::More && now >= self.last_upkeep + UPKEEP_UNDER_LOAD_EVERY;
        if overdue_upkeep && !asked {
            return Step::Upkeep;
        }
        if core.outbox.has_facts() || draft_is_due || core.flush_is_asked() {
            if draft_is_due {
                self.checkpoint_at = None;
                core.checkpoint_armed = false;
            }
            return Step::Commit(core.take_batch(draft_is_due));
        }
        if core.closing {
            return Step::Close;
        }
        if self.upkeep == Upkeep::More {
            return Step::Upkeep;
        }
        Step::Wait(self.checkpoint_at)
    }

    /// Sets the time of the next checkpoint as soon as there is unfinished text, however busy the
    /// writer is: under a steady load of facts it never comes to rest.
    fn arm_checkpoint(&mut self, core: &mut Core, now: Instant) {
        if core.outbox.drafts_wait() && self.checkpoint_at.is_none() {
            self.checkpoint_at = Some(now + self.shared.config.checkpoint_every);
            core.checkpoint_armed = true;
        }
    }

    async fn wait(&self, until: Option<Instant>) {
        let due = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.shared.work.notified() => {}
            () = due => {}
        }
    }

    async fn commit(&mut self, departure: Departure) -> Result<(), Abandoned> {
        let Departure { batch, revision, flush } = departure;
        let settled = self.settle(batch.writes, batch.creations).await?;
        self.upkeep = Upkeep::More;
        self.land(&settled, revision, flush);
        Ok(())
    }

    /// Tells everybody who waits that the disk is at `revision`.
    fn land(&self, settled: &Settled, revision: Revision, flush: u64) {
        self.shared.with_core(|core| {
            core.landed();
            settled.apply_to(core, &self.shared.config);
        });
        self.shared.progress.modify(|progress| {
            settled.report_to(progress, revision);
            progress.facts = revision;
            progress.flushed = flush;
        });
    }

    async fn maintain(&mut self) {
        let persistence = Arc::clone(&self.persistence);
        let outcome = self.watched(persistence.maintain()).await;
        self.last_upkeep = Instant::now();
        self.upkeep = match outcome {
            Ok(upkeep) => upkeep,
            Err(error) => {
                tracing::warn!(%error, "upkeep of the database failed; it is tried again after the next commit");
                Upkeep::Done
            }
        };
    }

    /// Waits for the database, and says so when it takes suspiciously long while something is unsaved.
    async fn watched<T>(&mut self, mut answer: impl Future<Output = T> + Unpin) -> T {
        let began = Instant::now();
        loop {
            if let Ok(answer) = timeout(self.shared.config.stall_after, &mut answer).await {
                return answer;
            }
            let seconds = began.elapsed().as_secs_f32();
            self.health.degrade_if_unsaved(&format!("the database has not answered for {seconds:.1} s"));
        }
    }
}

/// Tells everybody who waits for the writer that it is gone, also when it was aborted or panicked.
struct Ending {
    shared: Arc<Shared>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.end();
    }
}
