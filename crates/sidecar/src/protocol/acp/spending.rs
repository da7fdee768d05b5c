//! Money and tokens, from where agents say them.

use agent_client_protocol_schema::v1::{Cost as AcpCost, Usage as AcpUsage};
use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::{Cost, Usage};

/// What the agent's process has spent.
///
/// An agent that goes on with a conversation may count what that cost in earlier processes too, so what it
/// says before its first turn is where the count begins.
#[derive(Debug, Default)]
pub(super) struct Spending {
    before: Cost,
    now: Option<Cost>,
}

impl Spending {
    /// The agent said what the conversation has cost; `in_turn` once it was given a prompt. Only dollars count.
    pub(super) fn hear(&mut self, cost: &AcpCost, in_turn: bool) {
        let Some(amount) = Cost::from_usd(cost.amount).filter(|_| cost.currency.eq_ignore_ascii_case("usd")) else {
            return;
        };
        if in_turn {
            self.now = Some(amount);
        } else {
            self.before = amount;
        }
    }

    /// Money spent by this process, if the agent ever said.
    pub(super) fn total(&self) -> Option<Cost> {
        // Less than before: it began to count from nothing.
        let since = |now: Cost| now.as_micro_usd().checked_sub(self.before.as_micro_usd());
        self.now.map(|now| since(now).map_or(now, Cost::from_micro_usd))
    }
}

/// The tokens of a turn, from `result`, its end; `None` when the agent does not say, or there were none.
pub(super) fn usage(result: &Value) -> Option<Usage> {
    let usage = result.get("usage").and_then(|usage| AcpUsage::deserialize(usage).ok()).map(|usage| Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cache_read_tokens: usage.cached_read_tokens.unwrap_or_default(),
        cache_write_tokens: usage.cached_write_tokens.unwrap_or_default(),
    });
    usage.or_else(|| quota(result)).filter(|usage| *usage != Usage::default())
}

/// Where Gemini CLI says it.
fn quota(result: &Value) -> Option<Usage> {
    let count = result.get("_meta")?.get("quota")?.get("token_count")?;
    let tokens = |key| count.get(key).and_then(Value::as_u64);
    Some(Usage { input_tokens: tokens("input_tokens")?, output_tokens: tokens("output_tokens")?, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::silent(&[], None)]
    #[case::counts_from_zero(&[(0.5, true), (0.7, true)], Some(700_000))]
    #[case::counts_earlier_processes(&[(0.5, false), (0.7, true)], Some(200_000))]
    #[case::forgot_earlier_processes(&[(0.5, false), (0.2, true)], Some(200_000))]
    #[case::nonsense(&[(-1.0, true)], None)]
    fn only_this_process_counts(#[case] said: &[(f64, bool)], #[case] micros: Option<u64>) {
        let mut spending = Spending::default();
        for (amount, in_turn) in said {
            spending.hear(&AcpCost::new(*amount, "USD"), *in_turn);
        }
        spending.hear(&AcpCost::new(9.0, "EUR"), true);
        assert_eq!(spending.total().map(Cost::as_micro_usd), micros);
    }

    #[rstest]
    #[case(json!({"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5, "cachedReadTokens": 1}}), Some((3, 2, 1)))]
    #[case(json!({"_meta": {"quota": {"token_count": {"input_tokens": 3, "output_tokens": 2}}}}), Some((3, 2, 0)))]
    #[case(json!({"usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}}), None)]
    #[case(json!({"usage": "much"}), None)]
    fn tokens_are_found_where_agents_put_them(#[case] result: Value, #[case] tokens: Option<(u64, u64, u64)>) {
        let found = usage(&result).map(|usage| (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens));
        assert_eq!(found, tokens);
    }
}
