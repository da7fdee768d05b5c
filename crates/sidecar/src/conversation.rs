//! One agent's whole conversation without its process: an adapter behind an inbox. Pure.

use switchboard_domain::AgentCommand;

use crate::inbox::Inbox;
use crate::line::Exit;
use crate::protocol::{Done, ErrandId, Output, Protocol, Ticket, Undone, adapter};
use crate::{AgentSpec, LaunchSession};

/// An adapter behind an inbox.
pub(crate) struct Conversation {
    adapter: Box<dyn Protocol>,
    inbox: Inbox,
    tickets: u64,
}

impl Conversation {
    pub(crate) fn new(agent: &AgentSpec, session: &LaunchSession) -> Self {
        Self::with(adapter(agent, session), agent)
    }

    /// A conversation through another adapter than the usual one of `agent`.
    pub(crate) fn with(adapter: Box<dyn Protocol>, agent: &AgentSpec) -> Self {
        let inbox = Inbox::new(adapter.framing(), agent.limits.line_bytes_max);
        Self { adapter, inbox, tickets: 0 }
    }

    /// Where to append what the agent wrote. Call [`Self::read_next`] until it is done before asking again.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        self.inbox.space()
    }

    /// Reads one unit of what was appended; `false` when more must come first.
    pub(crate) fn read_next(&mut self, out: &mut Output) -> bool {
        let Some(unit) = self.inbox.next_unit() else { return false };
        if let Some(fault) = unit.fault {
            out.push_fault(fault);
        }
        if let Some(text) = unit.text {
            self.adapter.read(&text, out);
        }
        true
    }

    /// Reads what is left when the agent writes no more.
    pub(crate) fn read_last(&mut self, out: &mut Output) {
        while self.read_next(out) {}
        let Some(unit) = self.inbox.last_unit() else { return };
        if let Some(fault) = unit.fault {
            out.push_fault(fault);
        }
        if let Some(text) = unit.text {
            self.adapter.read(&text, out);
        }
    }

    /// Tells the agent `command`; the ticket stands for it in `out`.
    pub(crate) fn command(&mut self, command: AgentCommand, out: &mut Output) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.adapter.command(ticket, command, out);
        ticket
    }

    /// An errand of the agent came to this.
    pub(crate) fn done(&mut self, id: ErrandId, outcome: Result<Done, Undone>, out: &mut Output) {
        self.adapter.done(id, outcome, out);
    }

    pub(crate) fn stop(&mut self, out: &mut Output) {
        self.adapter.stop(out);
    }

    pub(crate) fn exited(&mut self, exit: &Exit, out: &mut Output) {
        self.adapter.exited(exit, out);
    }

    pub(crate) fn awaits_start(&self) -> bool {
        self.adapter.awaits_start()
    }
}

#[cfg(test)]
mod tests;
