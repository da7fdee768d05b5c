//! Who may begin a turn now, and who waits for what.
//!
//! A turn under way takes up a slot; a process that waits for its next turn takes up none, only memory.
//! Whoever has to wait stands in one line over all sessions: first come, first served. Only those whose
//! account is exhausted are passed by, and keep their place; and while one waits for memory, nobody behind it
//! starts a process, so that none waits for ever.
//!
//! This is the deciding half: plain state, and time as an argument. [`door`] is the half that acts.

mod door;
mod gate;
mod room;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use switchboard_domain::{RateLimit, SessionId, Timestamp, Waiting, WaitingReason};

pub(super) use door::{Door, Entry, Place, Slot};
use gate::{Gate, Passage};
pub(super) use room::Process;
use room::Room;

/// How many agents may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Turns under way at once.
    pub agents_max: NonZeroUsize,
    /// Bytes of memory that all agents together may use for one more to start; no limit when `None`.
    pub memory_max: Option<u64>,
    /// How long an agent's process stays after its turn, for the next one to begin at once.
    pub idle_after: Duration,
}

impl Default for Slots {
    /// As many as there are wanted, each kept for a quarter of an hour.
    fn default() -> Self {
        Self { agents_max: NonZeroUsize::MAX, memory_max: None, idle_after: Duration::from_mins(15) }
    }
}

/// Somebody who wants to begin a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) session: SessionId,
    /// The agent's account.
    pub(super) account: String,
    /// Whether a process must be started for it.
    pub(super) needs_process: bool,
}

#[derive(Debug)]
struct InLine {
    ticket: Ticket,
    since: Timestamp,
    /// What the session was last said to wait for.
    told: Option<WaitingReason>,
}

/// Who works, who waits, and why.
#[derive(Debug)]
pub(super) struct Admission {
    slots: Slots,
    /// Sessions with a turn under way, and their accounts.
    working: BTreeMap<SessionId, String>,
    line: VecDeque<InLine>,
    gates: BTreeMap<String, Gate>,
    room: Room,
}

impl Admission {
    pub(super) fn new(slots: Slots) -> Self {
        let (working, line, gates) = (BTreeMap::new(), VecDeque::new(), BTreeMap::new());
        Self { slots, working, line, gates, room: Room::new(slots.memory_max) }
    }

    /// Joins the line at its end.
    pub(super) fn join(&mut self, ticket: Ticket, now: Timestamp) {
        self.line.push_back(InLine { ticket, since: now, told: None });
    }

    /// A turn began that nobody asked for: some agents begin by themselves. It takes up a slot too.
    pub(super) fn begin_unasked(&mut self, session: SessionId, account: &str) {
        self.working.insert(session, account.to_owned());
    }

    /// Gives up a place in line or a slot.
    pub(super) fn leave(&mut self, session: SessionId, now: Timestamp) {
        self.line.retain(|waiting| waiting.ticket.session != session);
        self.room.left(session);
        if let Some(gate) = self.working.remove(&session).and_then(|account| self.gates.get_mut(&account)) {
            gate.leave(session, now);
        }
    }

    /// Lets in all who may go now, in their order.
    pub(super) fn admit(&mut self, now: Timestamp) -> Vec<SessionId> {
        let mut admitted = Vec::new();
        let mut place = 0;
        let mut memory_is_short = false;
        while self.working.len() < self.slots.agents_max.get()
            && let Some(InLine { ticket, .. }) = self.line.get(place)
        {
            let passage = self.passage(&ticket.account, now);
            let is_shut = matches!(passage, Passage::ShutUntil(_) | Passage::BeingTried);
            // A process that is there already takes no more room, and it may be what has to end to make some.
            memory_is_short |=
                !is_shut && ticket.needs_process && !self.room.fits_one_more(self.working.is_empty(), now);
            if is_shut || (ticket.needs_process && memory_is_short) {
                place += 1;
                continue;
            }
            let Some(InLine { ticket, .. }) = self.line.remove(place) else { break };
            if passage == Passage::AsProbe {
                self.gates.entry(ticket.account.clone()).or_default().try_with(ticket.session, now);
            }
            if ticket.needs_process {
                self.room.launch(ticket.session);
            }
            self.working.insert(ticket.session, ticket.account);
            admitted.push(ticket.session);
        }
        admitted
    }

    /// Whose reason to wait is another than the one told before, which counts as told from here on.
    pub(super) fn news(&mut self, now: Timestamp) -> Vec<(SessionId, Waiting)> {
        let mut news = Vec::new();
        let is_full = self.working.len() >= self.slots.agents_max.get();
        for place in 0..self.line.len() {
            let waiting = &self.line[place];
            let account = waiting.ticket.account.clone();
            let reason = match self.passage(&account, now) {
                Passage::ShutUntil(until) => WaitingReason::RateLimit { account, until },
                Passage::BeingTried => WaitingReason::Probe { account },
                Passage::Free | Passage::AsProbe if is_full => WaitingReason::Slot,
                Passage::Free | Passage::AsProbe => WaitingReason::Memory,
            };
            let waiting = &mut self.line[place];
            if waiting.told.as_ref() != Some(&reason) {
                waiting.told = Some(reason.clone());
                news.push((waiting.ticket.session, Waiting { reason, since: waiting.since }));
            }
        }
        news
    }

    fn passage(&self, account: &str, now: Timestamp) -> Passage {
        self.gates.get(account).map_or(Passage::Free, |gate| gate.passage(now))
    }

    /// An agent told what its account may still do. When that shut the account's gate: until when.
    pub(super) fn hear(
        &mut self,
        session: SessionId,
        account: &str,
        limit: &RateLimit,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let gate = self.gates.entry(account.to_owned()).or_default();
        gate.hear(session, limit, now).then(|| gate.next_look()).flatten()
    }

    /// The model answered the session: its account works.
    pub(super) fn answered(&mut self, session: SessionId) {
        if let Some(gate) = self.working.get(&session).and_then(|account| self.gates.get_mut(account)) {
            gate.answered(session);
        }
    }

    /// The accounts that are known to be exhausted, and until when.
    pub(super) fn exhausted(&self) -> BTreeMap<String, Timestamp> {
        let until = self.gates.iter().filter_map(|(account, gate)| Some((account.clone(), gate.exhausted_until()?)));
        until.collect()
    }

    /// What [`Self::exhausted`] said before the program ended.
    pub(super) fn restore(&mut self, exhausted: BTreeMap<String, Timestamp>) {
        self.gates.extend(exhausted.into_iter().map(|(account, until)| (account, Gate::restored(until))));
    }

    /// The session has this process now, or none any more.
    pub(super) fn set_process(&mut self, session: SessionId, process: Option<Process>, now: Timestamp) {
        self.room.set_process(session, process, now);
    }

    /// Chooses idle processes that are to end.
    pub(super) fn choose_to_end(&mut self, now: Timestamp) -> Vec<SessionId> {
        let memory_is_wanted = self.line.iter().any(|it| it.told == Some(WaitingReason::Memory));
        let Slots { agents_max, idle_after, .. } = self.slots;
        self.room.choose_to_end(idle_after, agents_max.get(), memory_is_wanted, now)
    }

    /// The process groups whose memory is to be measured; none when nobody wants to know.
    pub(super) fn to_measure(&self) -> Vec<u32> {
        if self.room.wants_measure() { self.room.pids() } else { Vec::new() }
    }

    /// What each process group was seen to use.
    pub(super) fn measured(&mut self, resident: &BTreeMap<u32, u64>, now: Timestamp) {
        self.room.measured(resident, now);
    }

    /// When there is something new to decide, if nothing happens before.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        let gates = self.line.iter().filter_map(|it| self.gates.get(&it.ticket.account)?.next_look());
        gates.chain(self.room.next_look(self.slots.idle_after)).min()
    }
}

#[cfg(test)]
mod tests;
