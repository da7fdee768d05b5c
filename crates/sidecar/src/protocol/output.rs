//! What an adapter wants done.

use std::collections::VecDeque;

use switchboard_domain::{AgentEvent, Cost};

use super::{Errand, ErrandId};
use crate::inbox::FaultTally;
use crate::{FaultKind, LineEvent, LineFault};

/// Stands for one command until it is delivered or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// Bytes for the agent's standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// The bytes; may be none, when there is only a ticket to settle.
    pub(crate) bytes: Vec<u8>,
    /// The command that is delivered when the agent's pipe has taken the last of them.
    pub(crate) delivers: Option<Ticket>,
    /// Whether an agent that does not read its input is none the worse for it.
    pub(crate) optional: bool,
}

/// What an adapter wants done, in order. Emptied by whoever does it.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Events, each with the number of bytes it came from.
    pub(crate) events: VecDeque<(LineEvent, usize)>,
    /// Bytes to write.
    pub(crate) writes: VecDeque<Write>,
    /// Commands that were refused, and why.
    pub(crate) refusals: Vec<(Ticket, String)>,
    /// What shall be done on our side of the line.
    pub(crate) errands: VecDeque<(ErrandId, Errand)>,
    /// Whether standard input shall be closed after the writes.
    pub(crate) close_input: bool,
    faults: FaultTally,
}

impl Output {
    /// Reports something the agent said, in `bytes` bytes.
    pub(crate) fn emit(&mut self, event: AgentEvent, bytes: usize) {
        self.events.push_back((LineEvent::Agent(event), bytes));
    }

    /// Reports what a process has cost, if it says, when that goes with no end of a turn that ended well.
    pub(crate) fn emit_spending(&mut self, total_cost: Option<Cost>) {
        if let Some(total_cost) = total_cost {
            self.emit(AgentEvent::Spent { total_cost }, 0);
        }
    }

    /// Reports a line that is no part of the protocol.
    pub(crate) fn fault(&mut self, kind: FaultKind, text: &str) {
        self.push_fault(LineFault::new(kind, text));
    }

    /// As [`Self::fault`], for one that is made already. Repeated ones are counted more than reported.
    pub(crate) fn push_fault(&mut self, fault: LineFault) {
        let reported = self.faults.count(fault);
        self.events.extend(reported.map(|fault| (LineEvent::Fault(fault), 0)));
    }

    /// Writes `bytes`, which deliver the command of `ticket`.
    pub(crate) fn deliver(&mut self, ticket: Ticket, bytes: Vec<u8>) {
        self.writes.push_back(Write { bytes, delivers: Some(ticket), optional: false });
    }

    /// Writes `bytes` of the adapter's own.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        self.writes.push_back(Write { bytes, delivers: None, optional: true });
    }

    /// Says that the command of `ticket` cannot be sent, because `why`.
    pub(crate) fn refuse(&mut self, ticket: Ticket, why: impl Into<String>) {
        self.refusals.push((ticket, why.into()));
    }
}
