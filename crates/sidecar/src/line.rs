//! A line: the two-way connection to one agent, as the rest of the program sees it.
//!
//! Made of channels alone, so that a scripted line ([`AgentLine::scripted`]) is as good as one with a
//! process behind it.

mod end;
mod event;
mod scripted;
mod send;
mod stop;

use std::sync::Arc;

use switchboard_domain::{AgentCommand, WorkerProcess};
use tokio::sync::{Semaphore, mpsc, oneshot};

pub(crate) use end::{LineEnd, Rejected, Weighed};
pub(crate) use event::sample;
pub use event::{Exit, ExitStatus, FaultKind, LineEvent, LineFault, SAMPLE_CHARS_MAX};
pub use scripted::ScriptedAgent;
pub(crate) use send::Patience;
pub use send::{CommandSender, Lost, NotSent, PendingCommand, SendError};
pub use stop::{StopPolicy, Stopped, StoppedBy};
pub(crate) use stop::{StopReport, StopRequest};

/// A stop keeps at most this many unread events: far more than an agent says in its last seconds,
/// little enough that stopping a flood costs no memory to speak of.
pub const LAST_EVENTS_MAX: usize = 4096;

/// Commands that may wait in a line. A person types one at a time; more than a few waiting means that
/// the agent is deaf, and then the senders should feel it.
const COMMANDS_MAX: usize = 16;

/// The two-way connection to one agent.
///
/// Events are read with [`Self::recv_many`]. Not reading is how an agent is held back: a bounded number
/// of events waits in the line, then its pipe fills and the agent waits. Nothing is dropped.
///
/// Dropping a line without [`Self::stop`] kills the agent's process group in the background.
#[derive(Debug)]
pub struct AgentLine {
    worker: Option<WorkerProcess>,
    events: mpsc::Receiver<Weighed>,
    budget: Arc<Semaphore>,
    commands: CommandSender,
    stop: StopPath,
}

#[derive(Debug)]
enum StopPath {
    Process(oneshot::Sender<StopRequest>),
    Script(oneshot::Sender<StopPolicy>),
}

impl AgentLine {
    /// The process behind the line, for the record; `None` when there is none.
    pub const fn worker(&self) -> Option<WorkerProcess> {
        self.worker
    }

    /// Waits for events, appends up to `limit` of them to `buffer` and returns how many; 0 when the line
    /// is over (or `limit` is 0).
    ///
    /// # Cancellation
    /// Safe: a dropped call has taken nothing.
    pub async fn recv_many(&mut self, buffer: &mut Vec<LineEvent>, limit: usize) -> usize {
        if limit == 0 {
            return 0;
        }
        let Some(first) = self.events.recv().await else { return 0 };
        buffer.push(self.unweigh(first));
        let mut received = 1;
        while received < limit {
            let Ok(next) = self.events.try_recv() else { break };
            buffer.push(self.unweigh(next));
            received += 1;
        }
        received
    }

    /// Sends `command` to the agent. See [`CommandSender::send`], which this is short for.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, command: AgentCommand) -> Result<(), SendError> {
        self.commands.send(command).await
    }

    /// A handle to send with while another task reads.
    pub fn sender(&self) -> CommandSender {
        self.commands.clone()
    }

    /// Ends the agent: asks it, closes its input, then `SIGTERM`, then `SIGKILL`, each bounded by
    /// `policy`. Returns when the process, its group and whatever it had started elsewhere are gone.
    ///
    /// # Cancellation
    /// Dropping the future does not stop the stopping; the rest of it happens in the background.
    pub async fn stop(self, policy: StopPolicy) -> Stopped {
        let Self { mut events, budget, stop, .. } = self;
        let mut rest = Rest::default();
        let report = match stop {
            StopPath::Process(request) => ask_and_drain(request, policy, &mut events, &budget, &mut rest).await,
            StopPath::Script(log) => {
                let over = log.send(policy).is_err();
                events.close();
                StopReport { by: if over { StoppedBy::AlreadyOver } else { StoppedBy::Asking }, survivors: Vec::new() }
            }
        };
        while let Some(event) = events.recv().await {
            rest.keep(event, &budget);
        }
        rest.into_stopped(report)
    }

    fn unweigh(&self, weighed: Weighed) -> LineEvent {
        self.budget.add_permits(weighed.weight as usize);
        weighed.event
    }
}

async fn ask_and_drain(
    request: oneshot::Sender<StopRequest>,
    policy: StopPolicy,
    events: &mut mpsc::Receiver<Weighed>,
    budget: &Semaphore,
    rest: &mut Rest,
) -> StopReport {
    let already_over = StopReport { by: StoppedBy::AlreadyOver, survivors: Vec::new() };
    let (done, mut report) = oneshot::channel();
    if request.send(StopRequest { policy, done }).is_err() {
        return already_over;
    }
    loop {
        // Reading on matters: an agent that cannot write its last words would not see that it was asked.
        tokio::select! {
            report = &mut report => return report.unwrap_or(already_over),
            Some(event) = events.recv() => rest.keep(event, budget),
        }
    }
}

/// Events that came while the line was being stopped.
#[derive(Default)]
struct Rest {
    events: Vec<LineEvent>,
    dropped: u64,
    exit: Option<Exit>,
}

impl Rest {
    fn keep(&mut self, Weighed { event, weight }: Weighed, budget: &Semaphore) {
        budget.add_permits(weight as usize);
        match event {
            LineEvent::Exited(exit) => self.exit = Some(exit),
            event if self.events.len() < LAST_EVENTS_MAX => self.events.push(event),
            _ => self.dropped += 1,
        }
    }

    fn into_stopped(self, report: StopReport) -> Stopped {
        Stopped {
            by: report.by,
            exit: self.exit,
            last_events: self.events,
            events_dropped: self.dropped,
            survivors: report.survivors,
        }
    }
}

/// The bounds of one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineBounds {
    pub(crate) events_max: usize,
    pub(crate) bytes_max: usize,
    pub(crate) patience: Patience,
}

#[cfg(test)]
mod tests;
