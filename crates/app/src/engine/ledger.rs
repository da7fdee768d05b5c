//! What was spent on each of the last days, by all sessions together. Kept in a setting, so that a restart
//! does not forget it; written before the session's own sum, so that a crash in between rather counts
//! something twice than not at all.

use std::collections::BTreeMap;

use chrono::{Local, NaiveDate};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use switchboard_domain::{Cost, Timestamp};
use switchboard_store::Store;

use crate::engine::{Budgets, Overrun};

/// The setting that holds the ledger.
const SETTING: &str = "spending";

/// Days that are remembered: today, and enough before it for a clock that was set back.
const DAYS_KEPT: usize = 8;

/// Money and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Money.
    #[serde(rename = "cost_usd")]
    pub cost: Cost,
    /// Tokens of every kind together.
    pub tokens: u64,
}

/// What was spent on each day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Days(BTreeMap<NaiveDate, Spent>);

impl Days {
    fn add(&mut self, day: NaiveDate, spent: Spent) {
        let sum = self.0.entry(day).or_default();
        *sum = Spent { cost: sum.cost + spent.cost, tokens: sum.tokens.saturating_add(spent.tokens) };
        while self.0.len() > DAYS_KEPT {
            self.0.pop_first();
        }
    }

    fn of(&self, day: NaiveDate) -> Spent {
        self.0.get(&day).copied().unwrap_or_default()
    }
}

/// The ledger of a store.
pub(super) struct Ledger {
    store: Store,
    budgets: Budgets,
    /// Read from the store when it is first needed.
    days: Mutex<Option<Days>>,
}

impl Ledger {
    pub(super) fn new(store: Store, budgets: Budgets) -> Self {
        Self { store, budgets, days: Mutex::default() }
    }

    /// Something was spent just now; `true` when that used up the day's budget.
    pub(super) fn add(&self, spent: Spent) -> bool {
        if spent == Spent::default() {
            return false;
        }
        let today = day_of(self.store.now());
        let mut days = self.days.lock();
        let days = days.get_or_insert_with(|| load(&self.store));
        let was_within = self.budgets.check_day(days.of(today)).is_ok();
        days.add(today, spent);
        let value = serde_json::to_value(&*days).ok();
        if let Err(refused) = self.store.set_setting(SETTING, value) {
            tracing::error!(%refused, "what was spent today could not be written down");
        }
        was_within && self.budgets.check_day(days.of(today)).is_err()
    }

    /// What was spent today.
    pub(super) fn today(&self) -> Spent {
        let today = day_of(self.store.now());
        self.days.lock().get_or_insert_with(|| load(&self.store)).of(today)
    }

    /// Whether more may be spent on a session that has spent so much.
    pub(super) fn check(&self, session: Spent) -> Result<(), Overrun> {
        self.budgets.check(session, self.today())
    }
}

fn load(store: &Store) -> Days {
    let saved = store.read(|state| state.settings().get(SETTING).cloned());
    saved.and_then(|days| serde_json::from_value(days).ok()).unwrap_or_default()
}

/// The day on which a person at this machine would say it is.
fn day_of(moment: Timestamp) -> NaiveDate {
    moment.to_datetime().with_timezone(&Local).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, number).expect("a day")
    }

    fn tokens(tokens: u64) -> Spent {
        Spent { cost: Cost::ZERO, tokens }
    }

    #[test]
    fn each_day_begins_at_nothing_and_old_ones_are_forgotten() {
        let mut days = Days::default();
        for number in 1..=20 {
            days.add(day(number), tokens(1));
            days.add(day(number), tokens(2));
        }
        assert_eq!((days.of(day(20)), days.of(day(21)), days.of(day(12))), (tokens(3), tokens(0), tokens(0)));
        assert_eq!(days.0.len(), DAYS_KEPT);
        days.add(day(19), tokens(5));
        assert_eq!(days.of(day(19)), tokens(8), "a clock that was set back goes on where that day was left");
    }

    #[test]
    fn it_is_kept_in_words_a_person_can_read() {
        let mut days = Days::default();
        days.add(day(1), Spent { cost: Cost::from_micro_usd(1_500_000), tokens: 7 });
        let json = serde_json::to_value(&days).expect("serializes");
        assert_eq!(json, serde_json::json!({"2026-11-01": {"cost_usd": 1.5, "tokens": 7}}));
        assert_eq!(serde_json::from_value::<Days>(json).expect("parses"), days);
    }
}
