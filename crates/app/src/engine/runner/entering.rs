//! Coming through the door: a turn begins when it is the session's turn, within its budgets.

use switchboard_domain::{ApprovalEnd, SessionStatus};
use switchboard_store::TurnEnd;
use tokio::time::Instant;

use crate::engine::admission::{Entry, Place, Process, Slot, Ticket};
use crate::engine::runner::Runner;
use crate::engine::runner::patience::Due;
use crate::engine::{EngineError, Notice, Overrun, Spent};

/// What the session's error begins with while its agent says nothing, so that it can be taken back.
const STUCK: &str = "no output for";

/// Whether a session's error says that its agent is silent.
pub(crate) fn is_stuck_report(error: &str) -> bool {
    error.starts_with(STUCK)
}

/// A session's place in line, and what it is there for.
pub(super) struct AtDoor {
    place: Place,
    then: Then,
}

enum Then {
    /// Send this prompt, which is in the transcript.
    Prompt(String),
    /// Send what is first in the queue.
    Queue,
}

/// Waits until the session is called in; for ever when it is not in line.
pub(super) async fn called(at_door: &mut Option<AtDoor>) {
    match at_door {
        Some(AtDoor { place, .. }) => place.called().await,
        None => std::future::pending().await,
    }
}

/// What of a session decides about its turn.
struct Standing {
    in_turn: bool,
    asks: bool,
    is_resumable: bool,
}

impl Runner {
    /// Sends a prompt that is saved, now or when it is the session's turn.
    pub(super) async fn begin_with(&mut self, text: &str) -> Result<(), EngineError> {
        match self.enter()? {
            Entry::Inside(slot) => {
                self.take_slot(slot);
                self.deliver(text).await
            }
            Entry::Waits(place) => {
                self.at_door = Some(AtDoor { place, then: Then::Prompt(text.to_owned()) });
                Ok(())
            }
        }
    }

    /// Sends what is first in the queue, now or when it is the session's turn: behind whoever waits already.
    pub(super) async fn begin_with_queue(&mut self) {
        self.slot = None;
        match self.enter() {
            Ok(Entry::Inside(slot)) => {
                self.take_slot(slot);
                self.send_queued().await;
            }
            Ok(Entry::Waits(place)) => self.at_door = Some(AtDoor { place, then: Then::Queue }),
            Err(_gone) => {}
        }
    }

    fn enter(&self) -> Result<Entry, EngineError> {
        let account = self.account().ok_or(EngineError::SessionNotFound)?;
        let ticket = Ticket { session: self.id, account, needs_process: self.line.is_none() };
        Ok(self.engine.door.enter(ticket))
    }

    fn take_slot(&mut self, slot: Slot) {
        self.slot = Some(slot);
        self.has_answered = false;
    }

    /// The account that the session's agent uses.
    pub(super) fn account(&self) -> Option<String> {
        let agent = self.engine.store.read(|state| state.session(self.id).map(|it| it.session().agent.clone()));
        agent.map(|agent| self.engine.agents().account(&agent).to_owned())
    }

    /// It is the session's turn. Nobody waits for the outcome any more: it is the session's.
    pub(super) async fn go_in(&mut self) {
        let Some(AtDoor { place, then }) = self.at_door.take() else { return };
        self.take_slot(place.go_in());
        let Then::Prompt(text) = then else { return self.send_queued().await };
        let outcome = match self.within_budget() {
            Ok(()) => {
                // Its time begins here, not when it joined the line.
                self.told(self.engine.store.set_turn_started(self.id));
                self.deliver(&text).await
            }
            Err(overrun) => Err(overrun.into()),
        };
        match outcome {
            // The stop that is on its way ends the turn.
            Ok(()) | Err(EngineError::Stopped) => {}
            Err(error) => {
                self.fail_turn(error.to_string(), ApprovalEnd::Expired);
                self.engine.notifier.notify(match error {
                    EngineError::BudgetSpent(_) => Notice::OverBudget(self.id),
                    _ => Notice::Failed(self.id),
                });
            }
        }
    }

    /// After everything that happened: gives back the slot of a turn that is over, and stops one that is
    /// over its budget.
    pub(super) async fn settle(&mut self) {
        let Standing { in_turn, asks, is_resumable } = self.standing();
        let in_turn = in_turn && self.at_door.is_none();
        if in_turn && self.slot.is_none() {
            let account = self.account().unwrap_or_default();
            self.slot = Some(self.engine.door.enter_unasked(self.id, &account));
        }
        if in_turn {
            self.watch.under_way(asks, Instant::now());
            if let Err(overrun) = self.within_budget() {
                self.stop_over_budget(&overrun).await;
            }
        } else {
            self.slot = None;
            self.watch.over();
        }
        let process = self.line.as_ref().map(|line| Process {
            pid: line.worker().map(|worker| worker.pid),
            is_resumable,
            works: self.slot.is_some() || self.at_door.is_some(),
        });
        if process != self.process_told {
            self.process_told = process;
            self.engine.door.set_process(self.id, process);
        }
    }

    fn standing(&self) -> Standing {
        self.engine.store.read(|state| {
            let session = state.session(self.id);
            Standing {
                in_turn: session.is_some_and(|it| it.session().status() == SessionStatus::Running),
                asks: session.is_some_and(|it| it.pending_approvals().next().is_some()),
                is_resumable: session.is_some_and(|it| it.session().agent_session_id.is_some()),
            }
        })
    }

    /// Agents are told the budget too, but not each heeds it.
    pub(super) fn within_budget(&self) -> Result<(), Overrun> {
        if !self.engine.config.limits.budgets.are_limited() {
            return Ok(());
        }
        let spent = self.engine.store.read(|state| {
            let session = state.session(self.id)?.session();
            Some(Spent { cost: session.cost, tokens: session.usage.total() })
        });
        self.engine.ledger.check(spent.unwrap_or_default())
    }

    async fn stop_over_budget(&mut self, overrun: &Overrun) {
        self.end_agent(SessionStatus::Interrupted, Some(format!("stopped: {overrun}"))).await;
        self.slot = None;
        self.engine.notifier.notify(Notice::OverBudget(self.id));
    }

    /// The agent said something. Whoever reported it as silent takes that back.
    pub(super) fn note_speech(&mut self) {
        if self.watch.heard(Instant::now()) {
            let error = self.engine.store.read(|state| state.session(self.id)?.session().error.clone());
            if error.is_some_and(|error| is_stuck_report(&error)) {
                self.told(self.engine.store.set_session_error(self.id, None));
            }
        }
    }

    /// Patience may be over.
    pub(super) async fn be_impatient(&mut self) {
        match self.watch.due(Instant::now()) {
            None => {}
            Some(Due::Stuck(silence)) => {
                let text = format!("{STUCK} {}: the agent may be stuck", whole(silence));
                self.told(self.engine.store.set_session_error(self.id, Some(text)));
                self.engine.notifier.notify(Notice::Stuck(self.id));
            }
            Some(Due::TimedOut(limit)) => {
                let limit = whole(limit);
                let error =
                    format!("stopped: the turn took {limit}, which is as long as `limits.turn_timeout_seconds` allows");
                self.end_agent(SessionStatus::Failed, Some(error)).await;
                self.engine.notifier.notify(Notice::Failed(self.id));
            }
        }
    }

    /// Ends an agent that waits for its next turn, to free its memory. The next turn resumes.
    pub(super) async fn end_idle(&mut self) {
        if !self.standing().in_turn && self.at_door.is_none() {
            self.end_line_quietly(self.engine.config.stop).await;
            self.told(self.engine.store.set_worker(self.id, None));
            self.told(self.engine.store.end_approvals(self.id, ApprovalEnd::Expired));
        }
    }

    /// The turn failed; everything that was under way in it ends.
    pub(super) fn fail_turn(&self, error: String, approvals: ApprovalEnd) {
        let end = TurnEnd { status: SessionStatus::Failed, error: Some(error), approvals };
        self.told(self.engine.store.end_turn(self.id, end));
    }
}

/// A time as a person says it; settings are whole seconds, mostly whole minutes.
fn whole(time: std::time::Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
