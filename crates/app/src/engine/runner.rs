//! The task that runs one session: it takes orders and reads what the agent says, one after the other.

mod answers;
mod entering;
mod events;
mod patience;
mod resuming;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;

use switchboard_domain::{Answer, ApprovalEnd, Cost, RequestId, SessionId, SessionStatus};
use switchboard_sidecar::{AgentLine, FaultKind, LineEvent, LineFault};
use switchboard_store::{Receipt, Store, TurnEnd};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::engine::admission::{Process, Slot};
use crate::engine::runners::Retirement;
use crate::engine::{EngineError, Inner, Resumed, SendOutcome};

pub(crate) use entering::is_stuck_report;
use entering::{AtDoor, called};
pub use patience::Patience;
use patience::TurnWatch;

/// Events taken from the line at once: enough to keep up with a flood, few enough that an order to
/// stop it is heard within a millisecond.
const EVENTS_AT_ONCE: usize = 256;

/// Where an order's outcome goes.
type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

/// What a runner is told.
pub(crate) enum Order {
    /// The first prompt of a session that has just been created.
    Prompt { text: String, reply: Reply<()> },
    /// What a person says later on.
    Say { text: String, reply: Reply<SendOutcome> },
    /// Go on with a turn that did not come to its end.
    Resume { message: Option<String>, reply: Reply<Resumed> },
    /// The answer to a request for approval, on its way to the disk.
    Answer { request_id: RequestId, answer: Answer, receipt: Receipt<()>, reply: Reply<()> },
    /// Send what waits in the queue, if the agent is free.
    Pump { reply: Reply<()> },
    /// See whether the turn may still go on, which is seen after every order.
    Look,
    /// End the agent if it waits for its next turn.
    EndIdle,
    /// End the agent; the reply says whether a turn was under way.
    Stop { why: Stop, reply: Reply<bool> },
}

/// Why an agent is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person said so.
    Abort,
    /// The app must stop.
    Interrupt,
}

/// Runs one session.
pub(crate) struct Runner {
    id: SessionId,
    engine: Arc<Inner>,
    orders: mpsc::Receiver<Order>,
    /// How many stops are on their way.
    stops: watch::Receiver<usize>,
    line: Option<AgentLine>,
    heard: Vec<LineEvent>,
    /// What the session had cost when the agent's process started; processes count from zero.
    cost_before: Cost,
    /// Output that was no part of the protocol, for telling why an agent failed.
    faults: BTreeMap<FaultKind, LineFault>,
    /// How often the agent said what its adapter does not know, by kind.
    unknown: BTreeMap<String, u64>,
    /// Answers that wait for the disk.
    answers: JoinSet<()>,
    /// The place in line, while the session waits for its turn.
    at_door: Option<AtDoor>,
    /// The right to have a turn under way.
    slot: Option<Slot>,
    /// Whether the model was seen to answer in this turn.
    has_answered: bool,
    watch: TurnWatch,
    /// What the door knows of the agent's process.
    process_told: Option<Process>,
}

/// What a runner can wake up for.
enum Event {
    Order(Order),
    /// It is the session's turn.
    Called,
    /// Somebody's patience may be over.
    Due,
    /// The agent said something; it is in `heard`.
    Heard,
    LineOver,
    Idle,
}

impl Runner {
    pub(crate) fn new(
        id: SessionId,
        engine: Arc<Inner>,
        orders: mpsc::Receiver<Order>,
        stops: watch::Receiver<usize>,
    ) -> Self {
        let watch = TurnWatch::new(engine.config.limits.patience);
        Self {
            id,
            engine,
            orders,
            stops,
            line: None,
            heard: Vec::new(),
            cost_before: Cost::ZERO,
            faults: BTreeMap::new(),
            unknown: BTreeMap::new(),
            answers: JoinSet::new(),
            at_door: None,
            slot: None,
            has_answered: false,
            watch,
            process_told: None,
        }
    }

    /// Runs until there is neither an agent nor an order.
    pub(crate) async fn run(mut self) {
        loop {
            match self.next_event().await {
                Event::Order(order) => self.carry_out(order).await,
                Event::Heard => self.take_in().await,
                Event::Called => self.go_in().await,
                Event::Due => self.be_impatient().await,
                Event::LineOver => self.lose_line().await,
                Event::Idle => match self.engine.retire(self.id) {
                    Retirement::Granted => return,
                    Retirement::Wanted => match self.orders.recv().await {
                        Some(order) => self.carry_out(order).await,
                        None => return,
                    },
                },
            }
            self.settle().await;
        }
    }

    async fn next_event(&mut self) -> Event {
        if self.line.is_none() && self.at_door.is_none() {
            return match self.orders.try_recv() {
                Ok(order) => Event::Order(order),
                Err(_) => Event::Idle,
            };
        }
        let due = self.watch.next_look();
        tokio::select! {
            biased;
            Some(order) = self.orders.recv() => Event::Order(order),
            () = called(&mut self.at_door) => Event::Called,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Event::Due,
            count = hear(&self.engine.store, &mut self.line, &mut self.heard) => {
                if count == 0 { Event::LineOver } else { Event::Heard }
            }
        }
    }

    async fn carry_out(&mut self, order: Order) {
        match order {
            Order::Prompt { text, reply } => answer(reply, self.prompt(&text).await),
            Order::Say { text, reply } => answer(reply, self.say(&text).await),
            Order::Answer { request_id, answer: decision, receipt, reply } => {
                self.send_answer(request_id, decision, receipt, reply);
            }
            Order::Resume { message, reply } => answer(reply, self.resume(message).await),
            Order::Pump { reply } => {
                self.pump().await;
                answer(reply, Ok(()));
            }
            Order::Look => {}
            Order::EndIdle => self.end_idle().await,
            Order::Stop { why, reply } => answer(reply, Ok(self.stop(why).await)),
        }
    }

    /// Takes in what the agent said, then sends what waits in the queue if that ended a turn.
    async fn take_in(&mut self) {
        self.note_speech();
        let mut turn_over = false;
        for event in std::mem::take(&mut self.heard) {
            match event {
                LineEvent::Agent(event) => turn_over |= self.record(event),
                LineEvent::Fault(fault) => self.note_fault(fault),
                LineEvent::Exited(exit) => {
                    self.line = None;
                    self.record_exit(&exit);
                }
            }
        }
        if turn_over && self.status() == Some(SessionStatus::Completed) {
            self.pump().await;
        }
    }

    /// The line ended without saying how.
    async fn lose_line(&mut self) {
        if let Some(line) = self.line.take() {
            let stopped = line.stop(switchboard_sidecar::StopPolicy::NOW).await;
            self.record_leftovers(stopped.last_events);
            match stopped.exit {
                Some(exit) => self.record_exit(&exit),
                None => self.worker_gone("the connection to the agent ended".to_owned()),
            }
        }
    }

    /// Ends the agent and everything it started, then says so: stopped means gone.
    async fn stop(&mut self, why: Stop) -> bool {
        let status = match why {
            Stop::Abort => SessionStatus::Aborted,
            Stop::Interrupt => SessionStatus::Interrupted,
        };
        self.end_agent(status, None).await
    }

    /// Ends the agent; a turn that was under way, or waited for its beginning, ends with `status` and `error`.
    async fn end_agent(&mut self, status: SessionStatus, error: Option<String>) -> bool {
        let in_turn = self.status() == Some(SessionStatus::Running);
        if self.at_door.take().is_some() && in_turn {
            // It has not begun; its time in line is no work.
            self.told(self.engine.store.set_turn_started(self.id));
        }
        if let Some(line) = self.line.take() {
            let stopped = line.stop(self.engine.config.stop).await;
            tracing::debug!(session = %self.id, by = ?stopped.by, "agent stopped");
            if !stopped.survivors.is_empty() {
                tracing::error!(session = %self.id, pids = ?stopped.survivors, "processes survived being killed");
            }
            self.record_leftovers(stopped.last_events);
            self.told(self.engine.store.set_worker(self.id, None));
        }
        self.answers.abort_all();
        if in_turn {
            let end = TurnEnd { status, error, approvals: ApprovalEnd::Cancelled };
            self.told(self.engine.store.end_turn(self.id, end));
        }
        in_turn
    }

    /// Waits for `work`, but gives it up as soon as somebody wants the agent stopped: stopping never
    /// waits for a disk, nor for an agent that does not listen.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, EngineError> {
        let mut stops = self.stops.clone();
        tokio::select! {
            biased;
            done = work => Ok(done),
            Ok(_) = stops.wait_for(|stops| *stops > 0) => Err(EngineError::Stopped),
        }
    }

    fn status(&self) -> Option<SessionStatus> {
        self.engine.store.read(|state| state.session(self.id).map(|it| it.session().status()))
    }

    /// The store was told a fact. It refuses those of sessions that are gone, and counts them.
    fn told<T, E: std::fmt::Display>(&self, outcome: Result<T, E>) {
        if let Err(refused) = outcome {
            tracing::debug!(session = %self.id, %refused, "an event changed nothing");
        }
    }
}

/// Waits for the agent to say something; for ever when there is none. Returns how much it was, 0 at its end.
async fn hear(store: &Store, line: &mut Option<AgentLine>, heard: &mut Vec<LineEvent>) -> usize {
    let Some(line) = line else { return std::future::pending().await };
    // While too much is unsaved the agent is not read from: its pipe fills, and it waits.
    store.ready().await;
    line.recv_many(heard, EVENTS_AT_ONCE).await
}

/// Whoever gave the order may not wait for the outcome any more.
fn answer<T>(reply: Reply<T>, outcome: Result<T, EngineError>) {
    let _gone = reply.send(outcome);
}
