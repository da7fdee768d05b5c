//! The way of a command to the agent, and what is known about it afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use switchboard_domain::AgentCommand;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Why a command did not get through, or may not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The agent has surely not seen any of it; sending it again, to this line or another, is safe.
    #[error("not sent: {0}")]
    NotSent(NotSent),
    /// The agent may have seen it: the line broke, or the agent stopped reading, in the middle of it.
    #[error("delivery unknown: {0}")]
    Unknown(Lost),
}

/// Why a command was surely not sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotSent {
    /// The agent's process is gone or going.
    #[error("the agent has ended")]
    LineOver,
    /// The agent did not read its input in time. It may only be slow: the line is still good.
    #[error("the agent did not read its input within {0:?}")]
    Deaf(Duration),
    /// The agent's protocol cannot take this command now.
    #[error("{0}")]
    Refused(String),
}

/// Why it is unknown whether a command arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Lost {
    /// The agent ended while it was being written.
    #[error("the agent ended while the message was being written")]
    LineBroke,
    /// The agent stopped reading half way. The rest follows if it ever reads again.
    #[error("the agent stopped reading half way through the message")]
    Stalled,
}

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// The one word on which both ends agree: either the writer began first, or the caller withdrew first.
#[derive(Clone, Debug, Default)]
struct Claim(Arc<AtomicU8>);

impl Claim {
    fn take(&self, next: u8) -> bool {
        self.0.compare_exchange(WAITING, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == BEGUN
    }
}

/// Withdraws a command nobody waits for any more.
struct WithdrawOnDrop(Claim);

impl Drop for WithdrawOnDrop {
    fn drop(&mut self) {
        let _begun_or_settled = self.0.take(WITHDRAWN);
    }
}

/// Sends commands to the agent of one line. Cheap to clone; outlives the line, after which all it
/// says is [`NotSent::LineOver`].
#[derive(Clone, Debug)]
pub struct CommandSender {
    commands: mpsc::Sender<PendingCommand>,
    patience: Patience,
}

/// How long a command may wait for its agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The first command, which many agents take only when they have got ready for it.
    pub(crate) starting: Duration,
    /// Any other.
    pub(crate) sending: Duration,
}

impl Patience {
    const fn of(&self, command: &AgentCommand) -> Duration {
        if matches!(command, AgentCommand::Start(_)) { self.starting } else { self.sending }
    }
}

impl CommandSender {
    pub(crate) const fn new(commands: mpsc::Sender<PendingCommand>, patience: Patience) -> Self {
        Self { commands, patience }
    }

    /// Sends `command`; `Ok` once the agent's pipe has taken all of it.
    ///
    /// Bounded by the agent's `send_timeout` (`start_timeout` for [`AgentCommand::Start`]), after which the error
    /// says exactly whether any of it went out.
    /// Commands go out in the order in which `send` was called.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// # Cancellation
    /// Dropping the future withdraws the command unless its first byte is out already; the caller
    /// cannot tell which. To know, let the built-in timeout do it.
    pub async fn send(&self, command: AgentCommand) -> Result<(), SendError> {
        let patience = self.patience.of(&command);
        let claim = Claim::default();
        let (reply, mut answer) = oneshot::channel();
        let _withdraw = WithdrawOnDrop(claim.clone());
        let pending = PendingCommand { command: Some(command), claim: claim.clone(), reply };
        let exchange = async {
            self.commands.send(pending).await.map_err(|_| SendError::NotSent(NotSent::LineOver))?;
            (&mut answer).await.unwrap_or_else(|_| Err(broken(&claim)))
        };
        match timeout(patience, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if claim.take(WITHDRAWN) => Err(SendError::NotSent(NotSent::Deaf(patience))),
            Err(_) => answer.try_recv().unwrap_or(Err(SendError::Unknown(Lost::Stalled))),
        }
    }
}

/// What is known when the other end went away without a word.
fn broken(claim: &Claim) -> SendError {
    if claim.is_begun() { SendError::Unknown(Lost::LineBroke) } else { SendError::NotSent(NotSent::LineOver) }
}

/// A command on its way, seen from the agent's end. Dropping it tells the sender that the line is
/// over: not sent if it had not begun, unknown if it had.
#[derive(Debug)]
pub struct PendingCommand {
    command: Option<AgentCommand>,
    claim: Claim,
    reply: oneshot::Sender<Result<(), SendError>>,
}

impl PendingCommand {
    /// What the agent is told; `None` once taken out with [`Self::take_command`].
    pub const fn command(&self) -> Option<&AgentCommand> {
        self.command.as_ref()
    }

    /// Takes the command out, once.
    pub const fn take_command(&mut self) -> Option<AgentCommand> {
        self.command.take()
    }

    /// The first byte is about to go out. `false` when the sender has withdrawn the command: then it
    /// must not be sent.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.claim.take(BEGUN) || self.claim.is_begun()
    }

    /// No byte went out after all, and the sender may withdraw the command again.
    pub(crate) fn pause(&self) {
        let _withdrawn_or_waiting = self.claim.0.compare_exchange(BEGUN, WAITING, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The agent's pipe has taken all of it.
    pub fn delivered(self) {
        self.settle(Ok(()));
    }

    /// Nothing of it was sent, nor will be.
    pub fn not_sent(self, why: NotSent) {
        self.settle(Err(SendError::NotSent(why)));
    }

    /// Some of it was sent, and the rest never will be.
    pub fn lost(self, why: Lost) {
        self.settle(Err(SendError::Unknown(why)));
    }

    fn settle(self, outcome: Result<(), SendError>) {
        // Nobody waits for the answer of a command that was given up; its sender has been told already.
        let _given_up = self.reply.send(outcome);
    }
}
