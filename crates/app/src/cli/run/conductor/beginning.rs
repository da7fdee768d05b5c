//! Giving agents their prompts.

use std::time::Duration;

use switchboard_domain::NewSession;

use super::{Conductor, Done};
use crate::api::wire::{Policy, StartSession};
use crate::cli::run::job::{Phase, Task};
use crate::client::{Client, ClientError};
use crate::config::ApprovePolicy;

/// How often a daemon that cannot be reached is asked again, and how long that goes on for.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);
const ASKS_MAX: u32 = 150;

impl Conductor {
    /// Begins as many jobs as there are free slots.
    pub(super) fn begin_jobs(&mut self) {
        let under_way = self.jobs.iter().filter(|job| job.is_under_way()).count();
        let free = self.slots.get().saturating_sub(under_way);
        let waiting = (0..self.jobs.len()).filter(|&job| self.jobs[job].phase == Phase::Waiting);
        for job in waiting.take(free).collect::<Vec<_>>() {
            self.jobs[job].begin(self.feed.state());
            let (client, task, policy) = (self.client.clone(), self.jobs[job].task.clone(), self.policy());
            self.errands.spawn(async move { Done::Begun(job, begin(&client, task, policy).await) });
        }
    }

    fn policy(&self) -> Policy {
        // The engine would answer at once, and nobody could see the question.
        if self.approving.pause.is_zero() { self.approving.policy.into() } else { Policy::Ask }
    }
}

impl From<ApprovePolicy> for Policy {
    fn from(policy: ApprovePolicy) -> Self {
        match policy {
            ApprovePolicy::Ask => Self::Ask,
            ApprovePolicy::Edits => Self::Edits,
            ApprovePolicy::All => Self::All,
            ApprovePolicy::None => Self::None,
        }
    }
}

async fn begin(client: &Client, task: Task, policy: Policy) -> Result<(), ClientError> {
    match task {
        Task::Start(new) => start(client, new, policy).await,
        Task::Say { session, text } => {
            client.set_policy(session, policy).await?;
            client.send(session, &text).await.map(|_| ())
        }
    }
}

/// Starts a session. Asking twice for the same one is fine, so a daemon that went away is asked again.
pub(in crate::cli::run) async fn start(client: &Client, new: NewSession, policy: Policy) -> Result<(), ClientError> {
    let NewSession { id, project_id, agent, prompt, title, model } = new;
    let wanted = StartSession { id: Some(id), project_id, agent: Some(agent), prompt, title, model, policy };
    for _ in 0..ASKS_MAX {
        match client.start_session(&wanted).await {
            Err(ClientError::Unreachable(_) | ClientError::Broken(_)) => tokio::time::sleep(ASK_AGAIN_AFTER).await,
            outcome => return outcome.map(|_| ()),
        }
    }
    client.start_session(&wanted).await.map(|_| ())
}
