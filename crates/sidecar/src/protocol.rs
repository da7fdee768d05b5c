//! The pure half of a protocol adapter: commands and output in, lines and events out.
//!
//! No clock, no runtime, no I/O. Whoever owns an adapter feeds it and does what its [`Output`] says, so a
//! whole conversation can be played in a test without a process. The trait is shaped for protocols that
//! are conversations themselves: an adapter may answer its agent while it reads ([`Output::write`] from
//! [`Protocol::read`]), may hold a command back until the agent is ready for it (its [`Ticket`] is settled
//! by a later write), and may refuse one.

pub(crate) mod acp;
mod claude;
mod codex;
mod errand;
mod exec;
mod held;
pub(crate) mod json_line;
mod native;
mod output;
mod puzzle;
#[cfg(test)]
pub(crate) mod transcript;

use std::ffi::OsString;

use claude::Claude;
use codex::Codex;

pub(crate) use acp::Acp;
pub(crate) use errand::{Done, Errand, ErrandId, Run, Undone};
pub(crate) use exec::Exec;
pub(crate) use native::Native;
pub(crate) use output::{Output, Ticket, Write};
use switchboard_domain::AgentCommand;

use crate::inbox::Framing;
use crate::line::Exit;
use crate::{AgentSpec, LaunchSession, ProtocolKind};

/// Translates between one agent and Switchboard.
pub(crate) trait Protocol: Send {
    /// How the agent's output is cut.
    fn framing(&self) -> Framing;

    /// Tells the agent `command`. Settles `ticket` now or later: by a write that delivers it, or by a refusal.
    fn command(&mut self, ticket: Ticket, command: AgentCommand, out: &mut Output);

    /// The agent wrote `text`: one line without its end, or a piece, as [`Self::framing`] says.
    fn read(&mut self, text: &str, out: &mut Output);

    /// The errand `id`, which was asked for by [`Output::errands`], came to this.
    fn done(&mut self, _id: ErrandId, _outcome: Result<Done, Undone>, _out: &mut Output) {}

    /// The agent shall finish what it does, save, and exit.
    fn stop(&mut self, out: &mut Output);

    /// The agent's process is gone and all it wrote has been read. Nothing is written any more.
    fn exited(&mut self, exit: &Exit, out: &mut Output);

    /// Whether the line must stay open for its first command even though the process is gone already.
    fn awaits_start(&self) -> bool {
        false
    }
}

/// The adapter for `agent` in `session`.
pub(crate) fn adapter(agent: &AgentSpec, session: &LaunchSession) -> Box<dyn Protocol> {
    match agent.protocol {
        ProtocolKind::Native => Box::new(Native::new(session.session_id)),
        ProtocolKind::Acp => Box::new(Acp::new(agent)),
        ProtocolKind::Exec => Box::new(Exec::new(agent)),
        ProtocolKind::Claude => Box::new(Claude::new(session)),
        ProtocolKind::Codex => Box::<Codex>::default(),
    }
}

/// What the program of `agent` is given in `session`: its configured arguments, and those its protocol needs.
pub(crate) fn arguments(agent: &AgentSpec, session: &LaunchSession) -> Vec<OsString> {
    match agent.protocol {
        ProtocolKind::Native | ProtocolKind::Acp => agent.args.clone(),
        ProtocolKind::Exec => exec::arguments(agent, &session.prompt),
        ProtocolKind::Claude => claude::arguments(agent, session),
        ProtocolKind::Codex => codex::arguments(agent),
    }
}
