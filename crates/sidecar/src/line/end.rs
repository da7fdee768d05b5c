//! The agent's end of a line: where events go in and commands come out.

use std::sync::Arc;

use switchboard_domain::WorkerProcess;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::StopRequest;
use super::{AgentLine, COMMANDS_MAX, CommandSender, LineBounds, LineEvent, PendingCommand, StopPath, StopPolicy};

/// Events made of fewer bytes than this are covered by the limit on their number alone.
const WEIGHT_UNIT_BYTES: usize = 1024;

/// An event together with its share of the line's byte budget.
#[derive(Debug)]
pub(crate) struct Weighed {
    pub(crate) event: LineEvent,
    pub(crate) weight: u32,
}

/// The agent's end of a line.
#[derive(Debug)]
pub(crate) struct LineEnd {
    /// Where events go in.
    pub(crate) events: EventSender,
    /// Where commands come out.
    pub(crate) commands: mpsc::Receiver<PendingCommand>,
}

/// Puts events on a line.
#[derive(Debug)]
pub(crate) struct EventSender {
    events: mpsc::Sender<Weighed>,
    budget: Arc<Semaphore>,
    budget_max: u32,
}

/// The line is full, here is the event back; or nobody is at the other end.
#[derive(Debug)]
pub(crate) enum Rejected {
    Full(LineEvent),
    Gone,
}

impl LineEnd {
    /// A line to a process, its agent's end, and where a request to stop comes in.
    pub(crate) fn process(
        worker: Option<WorkerProcess>,
        bounds: LineBounds,
    ) -> (AgentLine, Self, oneshot::Receiver<StopRequest>) {
        let (stop, stop_requested) = oneshot::channel();
        let (line, end) = Self::pair(worker, bounds, StopPath::Process(stop));
        (line, end, stop_requested)
    }

    /// A line without a process, its agent's end, and where it shows how it was stopped.
    pub(crate) fn script(bounds: LineBounds) -> (AgentLine, Self, oneshot::Receiver<StopPolicy>) {
        let (stop, stopped_with) = oneshot::channel();
        let (line, end) = Self::pair(None, bounds, StopPath::Script(stop));
        (line, end, stopped_with)
    }

    fn pair(worker: Option<WorkerProcess>, bounds: LineBounds, stop: StopPath) -> (AgentLine, Self) {
        let (events_in, events) = mpsc::channel(bounds.events_max);
        let (commands_in, commands) = mpsc::channel(COMMANDS_MAX);
        let budget_max = weight(bounds.bytes_max).max(1);
        let budget = Arc::new(Semaphore::new(budget_max as usize));
        let commands_in = CommandSender::new(commands_in, bounds.patience);
        let line = AgentLine { worker, events, budget: Arc::clone(&budget), commands: commands_in, stop };
        (line, Self { events: EventSender { events: events_in, budget, budget_max }, commands })
    }
}

impl EventSender {
    /// Puts an event that came from `bytes` bytes on the line, without waiting.
    #[expect(clippy::result_large_err, reason = "the event comes back whole, to be offered again")]
    pub(crate) fn try_emit(&self, event: LineEvent, bytes: usize) -> Result<(), Rejected> {
        let weight = weight(bytes).min(self.budget_max);
        let Ok(paid) = self.budget.try_acquire_many(weight) else {
            return Err(if self.events.is_closed() { Rejected::Gone } else { Rejected::Full(event) });
        };
        match self.events.try_send(Weighed { event, weight }) {
            Ok(()) => paid.forget(),
            Err(mpsc::error::TrySendError::Full(Weighed { event, .. })) => return Err(Rejected::Full(event)),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(Rejected::Gone),
        }
        Ok(())
    }

    /// Waits until an event of `bytes` bytes has room, or until the other end is gone. Cancellation-safe.
    pub(crate) async fn room_for(&self, bytes: usize) {
        let weight = weight(bytes).min(self.budget_max);
        tokio::select! {
            () = self.events.closed() => {}
            () = async {
                // Both are only looked at: the one task that emits is the one that waits here, so what is
                // free now is still free when it tries.
                let _budget = self.budget.acquire_many(weight).await;
                let _slot = self.events.reserve().await;
            } => {}
        }
    }

    /// Puts an event on the line, waiting for room. `false` when the other end is gone.
    pub(crate) async fn emit(&self, event: LineEvent, bytes: usize) -> bool {
        let mut event = event;
        loop {
            match self.try_emit(event, bytes) {
                Ok(()) => return true,
                Err(Rejected::Gone) => return false,
                Err(Rejected::Full(back)) => event = back,
            }
            self.room_for(bytes).await;
        }
    }

    /// Resolves when the reader is gone.
    pub(crate) async fn abandoned(&self) {
        self.events.closed().await;
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes / WEIGHT_UNIT_BYTES).unwrap_or(u32::MAX)
}
