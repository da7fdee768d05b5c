//! The adapter that makes processes: spawning, feeding, reading, ending.

mod driver;
mod ending;
mod outbox;
mod porter;
mod spawn;
mod tail;
mod terminals;

use async_trait::async_trait;
use tokio_util::task::TaskTracker;

use crate::conversation::Conversation;
use crate::line::{LineBounds, LineEnd, Patience};
use crate::{AgentLauncher, AgentLine, AgentSpec, LaunchError, LaunchSession};
use driver::Driver;

/// Starts agents as child processes of this program, each in a process group of its own.
///
/// Cheap to clone; clones share the record of what runs. Must be used inside a tokio runtime with I/O and time enabled.
#[derive(Clone, Debug, Default)]
pub struct ProcessLauncher {
    running: TaskTracker,
}

impl ProcessLauncher {
    /// A launcher of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until every process of this launcher is gone, those of dropped lines too. Ends none itself.
    pub async fn all_gone(&self) {
        self.running.close();
        self.running.wait().await;
        self.running.reopen();
    }

    /// Starts `agent` for `session`, to be talked to in this conversation.
    pub(crate) fn start(
        &self,
        agent: &AgentSpec,
        session: &LaunchSession,
        conversation: Conversation,
    ) -> Result<AgentLine, LaunchError> {
        let spawned = spawn::spawn(agent, session)?;
        let bounds = LineBounds {
            events_max: agent.limits.events_max.max(1),
            // Room for the longest line while the one before it is still being looked at.
            bytes_max: agent.limits.line_bytes_max.saturating_mul(2),
            patience: Patience { starting: agent.limits.start_timeout, sending: agent.limits.send_timeout },
        };
        let (line, end, stop) = LineEnd::process(Some(spawned.worker), bounds);
        let driver = Driver::new(agent, session, conversation, spawned, end, stop);
        self.running.spawn(driver.run());
        Ok(line)
    }
}

#[async_trait]
impl AgentLauncher for ProcessLauncher {
    async fn launch(&self, agent: &AgentSpec, session: LaunchSession) -> Result<AgentLine, LaunchError> {
        self.start(agent, &session, Conversation::new(agent, &session))
    }
}
