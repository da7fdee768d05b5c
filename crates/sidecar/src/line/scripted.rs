//! A line with a script instead of a process behind it, for tests and for launchers of other kinds.

use std::time::Duration;

use switchboard_domain::{AgentCommand, AgentEvent};
use tokio::sync::oneshot;

use super::{AgentLine, Exit, LineBounds, LineEnd, LineEvent, Patience, PendingCommand, StopPolicy};

/// How long a script may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Small, so that a test of back-pressure fills it quickly.
const SCRIPT_BOUNDS: LineBounds =
    LineBounds { events_max: 64, bytes_max: 1 << 20, patience: Patience { starting: PATIENCE, sending: PATIENCE } };

impl AgentLine {
    /// A line, and the hand that plays its agent.
    ///
    /// ```
    /// # tokio_test();
    /// # #[tokio::main(flavor = "current_thread")] async fn tokio_test() {
    /// use switchboard_domain::{AgentCommand, AgentEvent};
    /// use switchboard_sidecar::{AgentLine, LineEvent};
    ///
    /// let (mut line, mut agent) = AgentLine::scripted();
    /// let (sent, command) = tokio::join!(line.send(AgentCommand::Abort), agent.next_command());
    /// assert_eq!((sent, command), (Ok(()), Some(AgentCommand::Abort)));
    ///
    /// let aborted = AgentEvent::Failed { error: "aborted".into() };
    /// agent.say(aborted.clone()).await;
    /// let mut events = Vec::new();
    /// assert_eq!(line.recv_many(&mut events, 10).await, 1);
    /// assert_eq!(events, [LineEvent::Agent(aborted)]);
    /// # }
    /// ```
    pub fn scripted() -> (Self, ScriptedAgent) {
        let (line, end, stop) = LineEnd::script(SCRIPT_BOUNDS);
        (line, ScriptedAgent { end, stop })
    }
}

/// The agent's end of a scripted line. Dropping it ends the line.
///
/// Stopping a scripted line never waits for the script.
#[derive(Debug)]
pub struct ScriptedAgent {
    end: LineEnd,
    stop: oneshot::Receiver<StopPolicy>,
}

impl ScriptedAgent {
    /// Says something. Waits while the line is full; `false` when nobody is there to hear it.
    pub async fn say(&self, event: AgentEvent) -> bool {
        self.emit(event.into()).await
    }

    /// Puts any event on the line. Waits while it is full; `false` when nobody is there to hear it.
    pub async fn emit(&self, event: LineEvent) -> bool {
        self.end.events.emit(event, 0).await
    }

    /// Ends the line as a process does.
    pub async fn exit(self, exit: Exit) {
        let _heard = self.emit(LineEvent::Exited(exit)).await;
    }

    /// Takes the next command as a healthy agent does; `None` once the line is stopped or dropped, and all
    /// its senders too.
    pub async fn next_command(&mut self) -> Option<AgentCommand> {
        loop {
            let mut pending = self.next_pending().await?;
            let command = pending.take_command();
            if pending.begin() {
                pending.delivered();
                return command;
            }
        }
    }

    /// The next command without an answer to its sender yet, to refuse or to lose it. `None` as above.
    pub async fn next_pending(&mut self) -> Option<PendingCommand> {
        self.end.commands.recv().await
    }

    /// How the line was stopped, once it was.
    pub fn stopped_with(&mut self) -> Option<StopPolicy> {
        self.stop.try_recv().ok()
    }
}
