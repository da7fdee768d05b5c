//! What an agent's account may still do.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whether the account may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimitStatus {
    /// It may.
    Allowed,
    /// It may, but not for long.
    Warning,
    /// It may not, before the reset.
    Rejected,
}

/// What an agent last said about its account's limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Whether the account may go on.
    pub status: RateLimitStatus,
    /// When the limit resets, if the agent says.
    pub resets_at: Option<Timestamp>,
    /// Which limit, in the agent's words (`five_hour`, `weekly` …).
    pub kind: Option<String>,
}
