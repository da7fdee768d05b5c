//! What may be spent, and when that is enough. Enforced here, whatever agents make of it.

use switchboard_domain::Cost;
use thiserror::Error;

use crate::engine::Spent;

/// What may be spent on something; what is `None` has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Money.
    pub money: Option<Cost>,
    /// Tokens of every kind together.
    pub tokens: Option<u64>,
}

/// What may be spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// On one session, over all its turns.
    pub session: Budget,
    /// On all sessions together, on one day of this machine's time zone.
    pub day: Budget,
}

/// A budget is spent: no turn begins, and one that is under way is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Overrun {
    /// The session's money.
    #[error("the session has cost {spent}, its budget is {budget}: raise `limits.budget_usd` to go on")]
    SessionMoney {
        /// What it has cost.
        spent: Cost,
        /// What it may cost.
        budget: Cost,
    },
    /// The session's tokens.
    #[error("the session has used {spent} tokens, its budget is {budget}: raise `limits.budget_tokens` to go on")]
    SessionTokens {
        /// What it has used.
        spent: u64,
        /// What it may use.
        budget: u64,
    },
    /// The day's money.
    #[error(
        "all sessions of today have cost {spent}, the day's budget is {budget}: raise `limits.day_budget_usd`, or go \
         on tomorrow"
    )]
    DayMoney {
        /// What they have cost.
        spent: Cost,
        /// What they may cost.
        budget: Cost,
    },
    /// The day's tokens.
    #[error(
        "all sessions of today have used {spent} tokens, the day's budget is {budget}: raise \
         `limits.day_budget_tokens`, or go on tomorrow"
    )]
    DayTokens {
        /// What they have used.
        spent: u64,
        /// What they may use.
        budget: u64,
    },
}

impl Budgets {
    /// Whether there is anything to keep to.
    pub fn are_limited(&self) -> bool {
        *self != Self::default()
    }

    /// Whether more may be spent on a session that has spent so much, on a day on which so much was spent.
    ///
    /// # Errors
    /// Which budget is used up.
    pub fn check(&self, session: Spent, day: Spent) -> Result<(), Overrun> {
        if let Some(budget) = spent(session.cost, self.session.money) {
            return Err(Overrun::SessionMoney { spent: session.cost, budget });
        }
        if let Some(budget) = spent(session.tokens, self.session.tokens) {
            return Err(Overrun::SessionTokens { spent: session.tokens, budget });
        }
        self.check_day(day)
    }

    /// Whether more may be spent on a day on which so much was spent.
    ///
    /// # Errors
    /// Which of the day's budgets is used up.
    pub fn check_day(&self, day: Spent) -> Result<(), Overrun> {
        if let Some(budget) = spent(day.cost, self.day.money) {
            return Err(Overrun::DayMoney { spent: day.cost, budget });
        }
        match spent(day.tokens, self.day.tokens) {
            Some(budget) => Err(Overrun::DayTokens { spent: day.tokens, budget }),
            None => Ok(()),
        }
    }
}

/// The budget, if it is used up.
fn spent<T: PartialOrd + Copy>(spent: T, budget: Option<T>) -> Option<T> {
    budget.filter(|budget| spent >= *budget)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn usd(dollars: f64) -> Cost {
        Cost::from_usd(dollars).expect("an amount")
    }

    fn spent(dollars: f64, tokens: u64) -> Spent {
        Spent { cost: usd(dollars), tokens }
    }

    #[rstest]
    #[case::below_all(spent(0.9, 99), spent(4.9, 499), None)]
    #[case::session_money(spent(1.0, 0), spent(0.0, 0), Some("the session has cost $1.0000, its budget is $1.0000"))]
    #[case::session_tokens(spent(0.0, 150), spent(0.0, 0), Some("the session has used 150 tokens, its budget is 100"))]
    #[case::day_money(spent(0.5, 0), spent(6.0, 0), Some("all sessions of today have cost $6.0000"))]
    #[case::day_tokens(spent(0.5, 0), spent(0.0, 500), Some("all sessions of today have used 500 tokens"))]
    fn what_is_used_up_is_said(#[case] session: Spent, #[case] day: Spent, #[case] said: Option<&str>) {
        let session_budget = Budget { money: Some(usd(1.0)), tokens: Some(100) };
        let budgets = Budgets { session: session_budget, day: Budget { money: Some(usd(5.0)), tokens: Some(500) } };
        let outcome = budgets.check(session, day).map_err(|overrun| overrun.to_string());
        match said {
            None => assert_eq!(outcome, Ok(())),
            Some(said) => assert!(outcome.as_ref().is_err_and(|error| error.starts_with(said)), "{outcome:?}"),
        }
        assert_eq!(Budgets::default().check(session, day), Ok(()), "without budgets nothing is too much");
    }
}
