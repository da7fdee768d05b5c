//! The section `[limits]`: bounds of sessions, agents and the machine.

use std::num::NonZeroUsize;
use std::time::Duration;

use switchboard_domain::Cost;
use toml::Value as Toml;

use super::document::Section;
use super::endpoint_config::Tokens;
use super::report::{Entry, integer, push};
use super::setting::{Kind, Raw};
use super::{ConfigError, Layers, Sourced};
use crate::engine::{self, Budget, Budgets, Patience, Slots};

/// How long a prompt waits for the disk before it is given up unsent.
const SAVE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

/// The longest line an agent may send: far above any real message, far below what memory can hold
/// for each of a hundred agents.
const LINE_BYTES_DEFAULT: u64 = 16 * 1024 * 1024;

/// Agents that work at once: more than one person can follow, few enough for the memory of a laptop.
const AGENTS_DEFAULT: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not zero");

/// How long an agent's process is kept for the next prompt: a person who reads and answers is faster.
const IDLE_AFTER_DEFAULT: Duration = Duration::from_mins(15);

/// Silence after which an agent is reported: builds and tests of a tool call take minutes.
const STUCK_AFTER_DEFAULT: Duration = Duration::from_mins(10);

/// Bounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limits {
    /// The most one session may cost; no limit unless set.
    pub(crate) budget: Option<Sourced<Cost>>,
    /// The most tokens one session may use; no limit unless set.
    pub(crate) budget_tokens: Option<Sourced<Tokens>>,
    /// The most all sessions of a day may cost; no limit unless set.
    pub(crate) day_budget: Option<Sourced<Cost>>,
    /// The most tokens all sessions of a day may use; no limit unless set.
    pub(crate) day_budget_tokens: Option<Sourced<Tokens>>,
    /// Agents that work at once.
    pub(crate) agents_max: Sourced<NonZeroUsize>,
    /// Memory that all agents together may use for one more to start; no limit unless set.
    pub(crate) memory_bytes: Option<Sourced<MemoryBytes>>,
    /// How long an agent's process is kept for the next prompt.
    pub(crate) idle_after: Sourced<Duration>,
    /// The longest turn; no limit unless set.
    pub(crate) turn_timeout: Option<Sourced<Duration>>,
    /// Silence after which an agent is reported.
    pub(crate) stuck_after: Sourced<Duration>,
    /// How long a prompt waits for the disk before it is given up unsent.
    pub(crate) save_timeout: Sourced<Duration>,
    /// The longest line an agent may send, in bytes.
    pub(crate) line_bytes: Sourced<u64>,
}

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryBytes(pub(crate) u64);

impl Kind for MemoryBytes {
    const EXPECTED: &'static str = "a number of bytes, 67108864 (64 MiB) or more";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().filter(|bytes: &u64| *bytes >= 64 << 20).map(Self)
    }
}

impl Limits {
    /// What the section and the environment say.
    pub(super) fn read(section: &Section<'_>, layers: &Layers<'_>) -> Result<Self, ConfigError> {
        section.allow(&[
            "agents_max",
            "budget_tokens",
            "budget_usd",
            "day_budget_tokens",
            "day_budget_usd",
            "idle_after_seconds",
            "line_bytes",
            "memory_bytes",
            "save_timeout_seconds",
            "stuck_after_seconds",
            "turn_timeout_seconds",
        ])?;
        let (save, idle) = ("SWITCHBOARD_SAVE_TIMEOUT_SECONDS", "SWITCHBOARD_IDLE_AFTER_SECONDS");
        let (stuck, turn) = ("SWITCHBOARD_STUCK_AFTER_SECONDS", "SWITCHBOARD_TURN_TIMEOUT_SECONDS");
        Ok(Self {
            budget: layers.get(section, "budget_usd", "SWITCHBOARD_BUDGET_USD")?,
            budget_tokens: layers.get(section, "budget_tokens", "SWITCHBOARD_BUDGET_TOKENS")?,
            day_budget: layers.get(section, "day_budget_usd", "SWITCHBOARD_DAY_BUDGET_USD")?,
            day_budget_tokens: layers.get(section, "day_budget_tokens", "SWITCHBOARD_DAY_BUDGET_TOKENS")?,
            agents_max: layers.or(section, "agents_max", "SWITCHBOARD_AGENTS_MAX", AGENTS_DEFAULT)?,
            memory_bytes: layers.get(section, "memory_bytes", "SWITCHBOARD_MEMORY_BYTES")?,
            idle_after: layers.or(section, "idle_after_seconds", idle, IDLE_AFTER_DEFAULT)?,
            turn_timeout: layers.get(section, "turn_timeout_seconds", turn)?,
            stuck_after: layers.or(section, "stuck_after_seconds", stuck, STUCK_AFTER_DEFAULT)?,
            save_timeout: layers.or(section, "save_timeout_seconds", save, SAVE_TIMEOUT_DEFAULT)?,
            line_bytes: layers.or(section, "line_bytes", "SWITCHBOARD_LINE_BYTES", LINE_BYTES_DEFAULT)?,
        })
    }

    /// Those that the engine keeps to.
    pub(crate) fn for_engine(&self) -> engine::Limits {
        let money = |budget: &Option<Sourced<Cost>>| budget.as_ref().map(|budget| budget.value);
        let tokens = |budget: &Option<Sourced<Tokens>>| budget.as_ref().map(|budget| budget.value.0);
        engine::Limits {
            slots: Slots {
                agents_max: self.agents_max.value,
                memory_max: self.memory_bytes.as_ref().map(|bytes| bytes.value.0),
                idle_after: self.idle_after.value,
            },
            budgets: Budgets {
                session: Budget { money: money(&self.budget), tokens: tokens(&self.budget_tokens) },
                day: Budget { money: money(&self.day_budget), tokens: tokens(&self.day_budget_tokens) },
            },
            patience: Patience {
                turn_timeout: self.turn_timeout.as_ref().map(|timeout| timeout.value),
                stuck_after: Some(self.stuck_after.value),
            },
        }
    }

    /// Adds each setting as the file would have it.
    pub(super) fn report<'a>(&'a self, entries: &mut Vec<Entry<'a>>) {
        fn seconds(time: Duration) -> Toml {
            time.as_secs_f64().into()
        }
        let mut optional = |key, set: Option<(Toml, &'a super::Origin)>| {
            if let Some((value, origin)) = set {
                push(entries, "limits", key, value, origin);
            }
        };
        let usd = |set: &'a Option<Sourced<Cost>>| set.as_ref().map(|it| (it.value.as_usd().into(), &it.origin));
        let tokens = |set: &'a Option<Sourced<Tokens>>| set.as_ref().map(|it| (integer(it.value.0), &it.origin));
        optional("budget_usd", usd(&self.budget));
        optional("budget_tokens", tokens(&self.budget_tokens));
        optional("day_budget_usd", usd(&self.day_budget));
        optional("day_budget_tokens", tokens(&self.day_budget_tokens));
        optional("agents_max", Some((integer(self.agents_max.value.get()), &self.agents_max.origin)));
        optional("memory_bytes", self.memory_bytes.as_ref().map(|it| (integer(it.value.0), &it.origin)));
        optional("idle_after_seconds", Some((seconds(self.idle_after.value), &self.idle_after.origin)));
        optional("turn_timeout_seconds", self.turn_timeout.as_ref().map(|it| (seconds(it.value), &it.origin)));
        optional("stuck_after_seconds", Some((seconds(self.stuck_after.value), &self.stuck_after.origin)));
        optional("save_timeout_seconds", Some((seconds(self.save_timeout.value), &self.save_timeout.origin)));
        optional("line_bytes", Some((integer(self.line_bytes.value), &self.line_bytes.origin)));
    }
}
