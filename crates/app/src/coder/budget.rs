//! What a session has used, and when that is enough.

use switchboard_domain::Cost;
use switchboard_sidecar::wire::WireUsage;
use thiserror::Error;

/// What a model costs, in dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prices {
    /// Read, from the provider's cache or not. Cached ones cost less, so a budget is rather kept too early.
    pub(super) input: Cost,
    /// Written.
    pub(super) output: Cost,
}

/// The most tokens a session may use, read and written together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TokenLimit(pub(super) u64);

/// Why nothing more is asked of the model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum BudgetError {
    /// Spent.
    #[error("the budget of {limit} is used up: {spent} spent")]
    Money {
        /// The most that may be spent.
        limit: Cost,
        /// What was.
        spent: Cost,
    },
    /// Used.
    #[error("the budget of {limit} tokens is used up: {used} used")]
    Tokens {
        /// The most that may be used.
        limit: u64,
        /// What was.
        used: u64,
    },
    /// A limit that cannot be kept must not be passed over in silence.
    #[error(
        "the budget of {limit} cannot be kept, since the model's prices are unknown: set `input_price` and \
         `output_price` (0 for a model of your own), or a `token_budget`"
    )]
    NoPrices {
        /// The most that may be spent.
        limit: Cost,
    },
}

/// What was used so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ledger {
    prices: Option<Prices>,
    token_limit: Option<TokenLimit>,
    input_tokens: u64,
    output_tokens: u64,
}

impl Ledger {
    /// Nothing used yet.
    pub(super) const fn new(prices: Option<Prices>, token_limit: Option<TokenLimit>) -> Self {
        Self { prices, token_limit, input_tokens: 0, output_tokens: 0 }
    }

    /// Adds what an answer has cost.
    pub(super) const fn add(&mut self, usage: &WireUsage) {
        let input = usage.input_tokens.saturating_add(usage.cache_read_tokens).saturating_add(usage.cache_write_tokens);
        self.input_tokens = self.input_tokens.saturating_add(input);
        self.output_tokens = self.output_tokens.saturating_add(usage.output_tokens);
    }

    /// The money spent, if prices are known.
    pub(super) fn spent(&self) -> Option<Cost> {
        const MILLION: u128 = 1_000_000;
        let prices = self.prices?;
        let of = |tokens: u64, price: Cost| u128::from(tokens) * u128::from(price.as_micro_usd());
        let micros = (of(self.input_tokens, prices.input) + of(self.output_tokens, prices.output)).div_ceil(MILLION);
        Some(Cost::from_micro_usd(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// Whether the model may be asked once more, when no more than `max_budget` may be spent.
    ///
    /// # Errors
    /// When a limit is reached, or cannot be kept.
    pub(super) fn check(&self, max_budget: Option<Cost>) -> Result<(), BudgetError> {
        let used = self.input_tokens.saturating_add(self.output_tokens);
        if let Some(TokenLimit(limit)) = self.token_limit
            && used >= limit
        {
            return Err(BudgetError::Tokens { limit, used });
        }
        match (max_budget, self.spent()) {
            (Some(limit), Some(spent)) if spent > Cost::ZERO && spent >= limit => {
                Err(BudgetError::Money { limit, spent })
            }
            (Some(limit), None) if self.token_limit.is_none() => Err(BudgetError::NoPrices { limit }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const DOLLAR: Cost = Cost::from_micro_usd(1_000_000);

    fn used(prices: Option<Prices>, limit: Option<u64>, input: u64, output: u64) -> Ledger {
        let mut ledger = Ledger::new(prices, limit.map(TokenLimit));
        ledger.add(&WireUsage { input_tokens: input, output_tokens: output, ..WireUsage::default() });
        ledger
    }

    #[test]
    fn money_is_counted_by_the_million_and_rounded_up() {
        let prices = Prices { input: DOLLAR, output: DOLLAR + DOLLAR };
        let spent = |input, output| used(Some(prices), None, input, output).spent().map(Cost::as_micro_usd);
        assert_eq!(spent(1_000_000, 500_000), Some(2_000_000));
        let cents = Prices { input: Cost::from_micro_usd(150_000), output: Cost::ZERO };
        assert_eq!(used(Some(cents), None, 1, 9).spent().map(Cost::as_micro_usd), Some(1));
        assert_eq!(used(Some(prices), None, u64::MAX, u64::MAX).spent().map(Cost::as_micro_usd), Some(u64::MAX));
    }

    #[rstest]
    #[case::within(Some(DOLLAR), None, 900_000, true)]
    #[case::reached(Some(DOLLAR), None, 1_000_000, false)]
    #[case::free(Some(Cost::ZERO), None, 1_000_000_000, true)]
    #[case::no_prices(None, None, 0, false)]
    #[case::tokens_instead(None, Some(100), 99, true)]
    #[case::tokens_used_up(None, Some(100), 100, false)]
    fn a_budget_ends_the_work(
        #[case] price: Option<Cost>,
        #[case] limit: Option<u64>,
        #[case] input: u64,
        #[case] goes_on: bool,
    ) {
        let prices = price.map(|price| Prices { input: price, output: price });
        assert_eq!(used(prices, limit, input, 0).check(Some(DOLLAR)).is_ok(), goes_on);
    }
}
