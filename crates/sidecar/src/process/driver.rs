//! The one task behind a line: moves bytes and events between a process and its line.
//!
//! Each turn waits for one thing to happen, then handles it without waiting. What cannot go on (a full
//! line, a deaf agent) is simply not waited for, and so holds back what feeds it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::process::ExitStatus as OsExitStatus;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::oneshot;

use super::outbox::Outbox;
use super::porter::{Outcome, Porter};
use super::spawn::Spawned;
use super::tail::Tail;
use crate::conversation::Conversation;
use crate::line::{LineEnd, PendingCommand, Rejected, StopRequest};
use crate::protocol::{ErrandId, Output};
use crate::tree::Quarry;
use crate::{AgentSpec, LaunchSession, Limits, ProtocolKind};

/// One read of stderr: small, since it is normally silent.
const STDERR_READ_BYTES: usize = 4 << 10;

/// How long a driver that is dropped waits for its processes to die, at most.
const DROP_PATIENCE: Duration = Duration::from_millis(200);

pub(super) struct Driver {
    pub(super) child: Child,
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
    stderr_read: Vec<u8>,
    pub(super) stderr_tail: Tail,
    pub(super) conversation: Conversation,
    pub(super) out: Output,
    pub(super) outbox: Outbox,
    pub(super) line: LineEnd,
    porter: Porter,
    /// Where a request to stop comes in, until it has come.
    stop: Option<oneshot::Receiver<StopRequest>>,
    pub(super) state: State,
    /// Away while a thread is hunting with it.
    pub(super) quarry: Option<Quarry>,
    pub(super) limits: Limits,
    /// Whether the agent says on its output when a turn is over. A plain command says it by exiting.
    pub(super) needs_output: bool,
}

/// What has happened so far that changes how things go on.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each set once")]
pub(super) struct State {
    /// How the process ended, once it has.
    pub(super) exit: Option<OsExitStatus>,
    /// The request to stop, until it is taken up.
    pub(super) stop_request: Option<StopRequest>,
    /// Whether nobody reads the line any more.
    pub(super) abandoned: bool,
    /// Whether the agent is being ended, so that no more commands are for it.
    pub(super) ending: bool,
    /// Whether input is closed once the outbox is empty.
    close_input: bool,
    /// Whether all senders of commands are gone.
    pub(super) senders_gone: bool,
    /// Whether nothing is left to end.
    pub(super) gone: bool,
}

/// One thing that happened.
enum Happening {
    Stop(Option<StopRequest>),
    Abandoned,
    Command(Option<PendingCommand>),
    Room,
    Wrote(io::Result<usize>),
    Read(io::Result<usize>),
    ReadStderr(io::Result<usize>),
    Exited(io::Result<OsExitStatus>),
    Errand(ErrandId, Outcome),
}

impl Driver {
    pub(super) fn new(
        agent: &AgentSpec,
        session: &LaunchSession,
        conversation: Conversation,
        spawned: Spawned,
        line: LineEnd,
        stop: oneshot::Receiver<StopRequest>,
    ) -> Self {
        let Spawned { child, stdin, stdout, stderr, quarry, environment, .. } = spawned;
        Self {
            child,
            stdin,
            stdout,
            stderr,
            stderr_read: Vec::new(),
            stderr_tail: Tail::new(agent.limits.stderr_bytes_max),
            conversation,
            out: Output::default(),
            outbox: Outbox::default(),
            line,
            porter: Porter::new(session.working_dir.clone(), environment),
            stop: Some(stop),
            state: State::default(),
            quarry: Some(quarry),
            limits: agent.limits,
            needs_output: agent.protocol != ProtocolKind::Exec,
        }
    }

    /// Waits for one thing to happen and handles it.
    ///
    /// Cancellation-safe: nothing has happened until it is handled.
    pub(super) async fn step(&mut self) {
        let happening = self.next_happening().await;
        self.handle(happening);
        self.settle();
    }

    async fn next_happening(&mut self) -> Happening {
        let Self {
            child,
            stdin,
            stdout,
            stderr,
            stderr_read,
            conversation,
            out,
            outbox,
            line,
            porter,
            stop,
            state,
            ..
        } = self;
        let unread_event = out.events.front().map(|(_, bytes)| *bytes);
        let may_read = unread_event.is_none() && !outbox.is_full();
        let takes_commands = !state.ending && !state.senders_gone && !outbox.is_full();
        let LineEnd { events, commands } = line;
        tokio::select! {
            request = async { stop.as_mut()?.await.ok() }, if stop.is_some() => Happening::Stop(request),
            () = events.abandoned(), if !state.abandoned => Happening::Abandoned,
            () = events.room_for(unread_event.unwrap_or(0)), if unread_event.is_some() => Happening::Room,
            command = commands.recv(), if takes_commands => Happening::Command(command),
            wrote = write(stdin.as_mut(), outbox), if stdin.is_some() => Happening::Wrote(wrote),
            read = read(stdout.as_mut(), conversation.space()), if may_read && stdout.is_some() => Happening::Read(read),
            read = read(stderr.as_mut(), space(stderr_read)), if stderr.is_some() => Happening::ReadStderr(read),
            (id, outcome) = porter.next(), if may_read => Happening::Errand(id, outcome),
            exit = child.wait(), if state.exit.is_none() => Happening::Exited(exit),
            else => std::future::pending().await,
        }
    }

    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Stop(request) => {
                self.stop = None;
                self.state.stop_request = request;
            }
            Happening::Abandoned => self.state.abandoned = true,
            Happening::Room => {}
            Happening::Command(None) => self.state.senders_gone = true,
            Happening::Command(Some(command)) => self.command(command),
            Happening::Wrote(Ok(bytes)) if bytes > 0 => self.outbox.took(bytes),
            Happening::Wrote(_) => self.stdin = None,
            Happening::Read(Ok(bytes)) if bytes > 0 => {}
            Happening::Read(_) => self.stdout = None,
            Happening::ReadStderr(Ok(bytes)) if bytes > 0 => {
                self.stderr_tail.push(&self.stderr_read);
                self.stderr_read.clear();
            }
            Happening::ReadStderr(_) => self.stderr = None,
            Happening::Errand(id, outcome) => self.conversation.done(id, outcome, &mut self.out),
            Happening::Exited(Ok(status)) => self.state.exit = Some(status),
            Happening::Exited(Err(error)) => {
                // Somebody else reaped our child. It is gone, that is all we can know.
                tracing::warn!(%error, "cannot learn how an agent ended");
                self.state.exit = Some(OsExitStatus::default());
            }
        }
    }

    fn command(&mut self, mut pending: PendingCommand) {
        if let Some(command) = pending.take_command() {
            let ticket = self.conversation.command(command, &mut self.out);
            self.outbox.open(ticket, pending);
        }
    }

    /// Does all that can be done without waiting.
    pub(super) fn settle(&mut self) {
        loop {
            self.move_writes();
            if !self.emit_events() || !self.conversation.read_next(&mut self.out) {
                break;
            }
        }
    }

    /// Whether the reader of the line keeps us from reading on.
    pub(super) fn is_held_back(&self) -> bool {
        !self.out.events.is_empty()
    }

    pub(super) const fn has_open_output(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// The request to stop, if one has come by now.
    pub(super) fn take_stop_request(&mut self) -> Option<StopRequest> {
        let late = || self.stop.as_mut().and_then(|stop| stop.try_recv().ok());
        self.state.stop_request.take().or_else(late)
    }

    fn move_writes(&mut self) {
        for write in self.out.writes.drain(..) {
            self.outbox.push(write);
        }
        for (ticket, why) in self.out.refusals.drain(..) {
            self.outbox.refuse(ticket, why);
        }
        for (id, errand) in self.out.errands.drain(..) {
            self.porter.start(id, errand);
        }
        self.state.close_input |= std::mem::take(&mut self.out.close_input);
        if self.stdin.is_none() {
            self.outbox.fail();
        } else if self.outbox.front().is_none() && self.state.close_input {
            self.stdin = None;
        }
    }

    /// Puts events on the line; `false` when it is full.
    fn emit_events(&mut self) -> bool {
        while let Some((event, bytes)) = self.out.events.pop_front() {
            match self.line.events.try_emit(event, bytes) {
                Ok(()) | Err(Rejected::Gone) => {}
                Err(Rejected::Full(event)) => {
                    self.out.events.push_front((event, bytes));
                    return false;
                }
            }
        }
        true
    }
}

/// Offers the pipe what is to be written. Not made of `AsyncWriteExt`, because the outbox must know when the
/// pipe takes nothing.
async fn write(stdin: Option<&mut ChildStdin>, outbox: &mut Outbox) -> io::Result<usize> {
    let Some(stdin) = stdin else { return std::future::pending().await };
    let mut stdin = Pin::new(stdin);
    poll_fn(|context| {
        let Some(bytes) = outbox.front() else { return Poll::Pending };
        let written = stdin.as_mut().poll_write(context, bytes);
        if written.is_pending() {
            outbox.pause();
        }
        written
    })
    .await
}

async fn read(stream: Option<&mut (impl AsyncReadExt + Unpin)>, into: &mut Vec<u8>) -> io::Result<usize> {
    match stream {
        Some(stream) => stream.read_buf(into).await,
        None => std::future::pending().await,
    }
}

fn space(buffer: &mut Vec<u8>) -> &mut Vec<u8> {
    buffer.reserve(STDERR_READ_BYTES);
    buffer
}

/// A driver that is dropped half way (the runtime is shutting down) takes its agent with it.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(quarry) = self.quarry.as_mut()
            && !self.state.gone
        {
            let _last_resort = quarry.kill(DROP_PATIENCE);
        }
    }
}
