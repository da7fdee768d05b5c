//! Everything Switchboard knows, as plain data.
//!
//! Nothing in here does I/O, asks a clock or can fail: a [`Change`](switchboard_domain::Change) is
//! made after every check has passed, and [`State::apply`] carries it out.

mod apply;
mod retelling;
mod session;
mod transcript;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::{Health, Orphan, Project, ProjectId, RateLimit, SessionId};

pub use retelling::{Retelling, Telling};
pub use session::SessionState;
pub use transcript::Transcript;

/// Late events kept for a look; older ones are only counted. Enough to see what an agent does, small
/// enough that a flood of them costs nothing.
const ORPHANS_KEPT: usize = 256;

/// Everything Switchboard knows.
///
/// Cheap to share: sessions sit behind [`Arc`]s, so a snapshot copies pointers, and a session is
/// copied only if it changes while somebody still holds the snapshot.
#[derive(Clone, Debug, Default)]
pub struct State {
    projects: BTreeMap<ProjectId, Project>,
    sessions: BTreeMap<SessionId, Arc<SessionState>>,
    settings: BTreeMap<String, Value>,
    rate_limits: BTreeMap<String, RateLimit>,
    active_session: Option<SessionId>,
    error: Option<String>,
    loading: bool,
    health: Health,
    orphans: Orphans,
}

impl State {
    /// All projects, oldest first, removed ones too.
    pub fn projects(&self) -> impl DoubleEndedIterator<Item = &Project> {
        self.projects.values()
    }

    /// The project, even if it was removed.
    pub fn project(&self, id: ProjectId) -> Option<&Project> {
        self.projects.get(&id)
    }

    /// All sessions, newest first.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Arc<SessionState>> {
        self.sessions.values().rev()
    }

    /// The session.
    pub fn session(&self, id: SessionId) -> Option<&Arc<SessionState>> {
        self.sessions.get(&id)
    }

    /// All settings by name.
    pub const fn settings(&self) -> &BTreeMap<String, Value> {
        &self.settings
    }

    /// What each agent last said about its account's limits, by the agent's name.
    pub const fn rate_limits(&self) -> &BTreeMap<String, RateLimit> {
        &self.rate_limits
    }

    /// The session that is looked at.
    pub const fn active_session(&self) -> Option<SessionId> {
        self.active_session
    }

    /// The app's last error that belongs to no session.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether hydration is under way.
    pub const fn is_loading(&self) -> bool {
        self.loading
    }

    /// Whether what is in memory gets to disk.
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Events that came for sessions that do not exist.
    pub const fn orphans(&self) -> &Orphans {
        &self.orphans
    }
}

/// Events that came for sessions that do not exist: all counted, the newest kept.
#[derive(Clone, Debug, Default)]
pub struct Orphans {
    count: u64,
    newest: VecDeque<Orphan>,
}

impl Orphans {
    /// How many there were since the start.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The newest ones, oldest first.
    pub fn newest(&self) -> impl Iterator<Item = &Orphan> {
        self.newest.iter()
    }

    fn add(&mut self, orphan: Orphan) {
        self.count += 1;
        if self.newest.len() == ORPHANS_KEPT {
            self.newest.pop_front();
        }
        self.newest.push_back(orphan);
    }
}
