//! What is on its way to an agent's standard input, and whose commands these bytes are. No I/O.

use std::collections::VecDeque;

use crate::line::{Lost, NotSent, PendingCommand};
use crate::protocol::{Ticket, Write};

/// Past this many waiting bytes the agent is not read either: one that asks and does not listen to the
/// answers must not make us hoard them. 1 MiB is more than any answer.
const BYTES_MAX: usize = 1 << 20;

/// Bytes in order, and the commands they deliver.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    writes: VecDeque<Write>,
    /// How much of the first write the pipe has taken.
    taken: usize,
    bytes: usize,
    /// Commands that no write has delivered yet.
    open: Vec<(Ticket, PendingCommand)>,
}

impl Outbox {
    /// A command was handed to the adapter under `ticket`.
    pub(super) fn open(&mut self, ticket: Ticket, command: PendingCommand) {
        self.open.push((ticket, command));
    }

    /// The adapter refused the command of `ticket`.
    pub(super) fn refuse(&mut self, ticket: Ticket, why: String) {
        if let Some(command) = self.close(ticket) {
            command.not_sent(NotSent::Refused(why));
        }
    }

    pub(super) fn push(&mut self, write: Write) {
        self.bytes += write.bytes.len();
        self.writes.push_back(write);
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= BYTES_MAX
    }

    /// The bytes to write next. Marks the command they belong to as begun; skips those that were withdrawn.
    /// `None` when there is nothing to write.
    pub(super) fn front(&mut self) -> Option<&[u8]> {
        while let Some(write) = self.writes.front() {
            let command = write.delivers.and_then(|ticket| self.find(ticket));
            let is_withdrawn = self.taken == 0 && command.is_some_and(|command| !command.begin());
            if !is_withdrawn && !write.bytes.is_empty() {
                break;
            }
            self.shift(!is_withdrawn);
        }
        self.writes.front().map(|write| &write.bytes[self.taken..])
    }

    /// The pipe took nothing of what [`Self::front`] showed. A command of which nothing is out can be withdrawn again.
    pub(super) fn pause(&self) {
        let ticket = self.writes.front().filter(|_| self.taken == 0).and_then(|write| write.delivers);
        if let Some(command) = ticket.and_then(|ticket| self.find(ticket)) {
            command.pause();
        }
    }

    /// The pipe took `bytes` of what [`Self::front`] showed.
    pub(super) fn took(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.writes.front().is_some_and(|write| self.taken >= write.bytes.len()) {
            self.shift(true);
        }
    }

    /// Nothing can be written any more.
    pub(super) fn fail(&mut self) {
        while let Some(write) = self.writes.front() {
            if write.optional {
                // An agent that does not care for its input has had all it wanted of it.
                self.shift(true);
                continue;
            }
            let is_partly_out = self.taken > 0;
            if let Some(command) = write.delivers.and_then(|ticket| self.close(ticket)) {
                if is_partly_out {
                    command.lost(Lost::LineBroke);
                } else {
                    command.not_sent(NotSent::LineOver);
                }
            }
            self.shift(false);
        }
    }

    /// Nor will the adapter ever deliver what it still holds back.
    pub(super) fn fail_all(&mut self) {
        self.fail();
        for (_, command) in self.open.drain(..) {
            command.not_sent(NotSent::LineOver);
        }
    }

    /// Removes the first write, which was `delivered` or never will be.
    fn shift(&mut self, delivered: bool) {
        let Some(write) = self.writes.pop_front() else { return };
        self.taken = 0;
        self.bytes -= write.bytes.len();
        if let Some(command) = write.delivers.and_then(|ticket| self.close(ticket))
            && delivered
        {
            command.delivered();
        }
    }

    fn find(&self, ticket: Ticket) -> Option<&PendingCommand> {
        self.open.iter().find(|(open, _)| *open == ticket).map(|(_, command)| command)
    }

    fn close(&mut self, ticket: Ticket) -> Option<PendingCommand> {
        let at = self.open.iter().position(|(open, _)| *open == ticket)?;
        Some(self.open.swap_remove(at).1)
    }
}
