//! What can be looked at: transcripts, search, and how the program is.

use serde::{Deserialize, Serialize};
use switchboard_domain::{Approval, Draft, Health, Message, ProjectId, QueuedMessage, Seq, SessionId, Timestamp};
use switchboard_store::SearchOrder;
use utoipa::{IntoParams, ToSchema};

use crate::api::wire::{Epoch, SessionView};

/// Which messages of a session: the newest, or those next to a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Only the newest ones before this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>, nullable = false)]
    pub before: Option<Seq>,
    /// Only the oldest ones after this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>, nullable = false)]
    pub after: Option<Seq>,
    /// At most so many; 100 unless said otherwise, and never more than 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>, nullable = false)]
    pub limit: Option<u32>,
}

/// Words to look for in all transcripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchRequest {
    /// Words that must all occur; every character is taken literally.
    pub q: String,
    /// Only in this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub project: Option<ProjectId>,
    /// Only in this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub session: Option<SessionId>,
    /// Which hits come first.
    #[serde(default)]
    #[param(required = false)]
    pub order: Order,
    /// At most so many; 50 unless said otherwise, and never more than 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>, nullable = false)]
    pub limit: Option<u32>,
}

/// Which hits come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest.
    #[default]
    Newest,
    /// The best match; slow for words that occur everywhere.
    Best,
}

impl From<Order> for SearchOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::Newest,
            Order::Best => Self::Rank,
        }
    }
}

/// In which form a session is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The form.
    #[serde(default)]
    #[param(required = false)]
    pub format: ExportFormat,
}

/// In which form a session is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// For people.
    #[default]
    Md,
    /// For programs.
    Json,
}

impl ExportFormat {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Json => "json",
        }
    }
}

/// A whole session.
#[derive(Clone, Debug, Serialize)]
pub struct Transcript {
    /// The session.
    pub session: SessionView,
    /// All its messages, oldest first.
    pub messages: Vec<std::sync::Arc<Message>>,
    /// What its agent is saying right now, if anything.
    pub draft: Option<Draft>,
    /// What waits for its next turn.
    pub queue: Vec<QueuedMessage>,
    /// What its agent waits for.
    pub approvals: Vec<Approval>,
}

/// An agent that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Its name in the configuration.
    pub name: String,
    /// How it talks.
    pub protocol: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Whether it is used unless another one is named.
    pub is_default: bool,
}

/// Whether what is in memory gets to disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// How it is.
    pub state: HealthState,
    /// Since when it is degraded.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    pub since: Option<Timestamp>,
    /// What the database says.
    pub reason: Option<String>,
    /// Changes that wait to be saved.
    pub unsaved: u64,
}

/// How saving is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It works.
    Healthy,
    /// It does not at the moment; nothing is lost while the program runs.
    Degraded,
}

impl From<&Health> for HealthView {
    fn from(health: &Health) -> Self {
        match health {
            Health::Healthy => Self { state: HealthState::Healthy, since: None, reason: None, unsaved: 0 },
            Health::Degraded { since, reason, unsaved } => Self {
                state: HealthState::Degraded,
                since: Some(*since),
                reason: Some(reason.clone()),
                unsaved: *unsaved,
            },
        }
    }
}

/// Numbers about what there is and what goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsView {
    /// Projects that are not removed.
    pub projects: usize,
    /// All sessions.
    pub sessions: usize,
    /// Sessions whose agent is working.
    pub running: usize,
    /// Sessions whose last turn ended well.
    pub completed: usize,
    /// Sessions whose last turn failed.
    pub failed: usize,
    /// Sessions that a person stopped.
    pub aborted: usize,
    /// Sessions that ran when the program stopped.
    pub interrupted: usize,
    /// Messages of all sessions.
    pub messages: u64,
    /// Messages that wait in queues.
    pub queued: usize,
    /// Approvals that wait for an answer.
    pub pending_approvals: usize,
    /// US dollars, over all sessions.
    pub cost: f64,
    /// The newest change.
    pub revision: u64,
    /// Every fact up to here is on disk.
    pub durable: u64,
    /// Event streams that are open.
    pub streams: usize,
    /// Events of agents whose session does not exist (any more).
    pub orphans: u64,
}

/// What this server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
    /// The program.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Names this life of the store; event ids begin with it.
    #[schema(value_type = Uuid)]
    pub epoch: Epoch,
    /// The process.
    pub pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_tells_what_is_wrong() {
        let since = Timestamp::from_micros(1);
        let view = HealthView::from(&Health::Degraded { since, reason: "full".into(), unsaved: 3 });
        assert_eq!((view.state, view.unsaved), (HealthState::Degraded, 3));
    }
}
