//! Tokens used, and what the account may still do.

use serde_json::Value;
use switchboard_domain::{RateLimit, RateLimitStatus, Usage};

use crate::wire::moment;

/// From here on a window counts as nearly used up, in percent.
const WARNING_PERCENT: f64 = 90.0;

/// From here on it is used up.
const FULL_PERCENT: f64 = 100.0;

/// The thread's running total of tokens, told apart into what is new.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// What was counted already; `None` before the first count.
    counted: Option<Usage>,
}

impl Tokens {
    /// The tokens in `usage` that were not counted before. Of a resumed thread's first count only the newest
    /// message is new, and nothing at all when it is about an earlier turn (`is_past`).
    pub(super) fn new_in(&mut self, usage: &Value, is_past: bool) -> Usage {
        let total = tokens(&usage["total"]);
        let before = match self.counted.replace(total) {
            Some(before) => before,
            None if is_past => total,
            None => beyond(total, tokens(&usage["last"])),
        };
        beyond(total, before)
    }
}

/// Codex counts cached input among the input.
fn tokens(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let (read, write) = (count("cachedInputTokens"), count("cacheWriteInputTokens"));
    Usage {
        input_tokens: count("inputTokens").saturating_sub(read.saturating_add(write)),
        output_tokens: count("outputTokens"),
        cache_read_tokens: read,
        cache_write_tokens: write,
    }
}

fn beyond(total: Usage, before: Usage) -> Usage {
    Usage {
        input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
        output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
        cache_read_tokens: total.cache_read_tokens.saturating_sub(before.cache_read_tokens),
        cache_write_tokens: total.cache_write_tokens.saturating_sub(before.cache_write_tokens),
    }
}

/// What `limits` say about the account, of two windows the fuller one; `None` when they say nothing.
pub(super) fn rate_limit(limits: &Value) -> Option<RateLimit> {
    let windows = ["primary", "secondary"].map(|name| (name, &limits[name]));
    let used = |window: &Value| window["usedPercent"].as_f64();
    let known = windows.into_iter().filter_map(|(name, window)| Some((name, window, used(window)?)));
    let fullest = known.max_by(|(_, _, a), (_, _, b)| a.total_cmp(b));
    let reached = limits["rateLimitReachedType"].as_str();
    let (name, window, percent) = match (fullest, reached) {
        (Some(fullest), _) => fullest,
        (None, Some(_)) => ("account", &Value::Null, FULL_PERCENT),
        (None, None) => return None,
    };
    let status = if reached.is_some() || percent >= FULL_PERCENT {
        RateLimitStatus::Rejected
    } else if percent >= WARNING_PERCENT {
        RateLimitStatus::Warning
    } else {
        RateLimitStatus::Allowed
    };
    let resets_at = moment(&window["resetsAt"]).ok().flatten();
    Some(RateLimit { status, resets_at, kind: Some(length(window).unwrap_or(name).to_owned()) })
}

/// The usual names of the lengths that windows have, in minutes.
fn length(window: &Value) -> Option<&'static str> {
    match window["windowDurationMins"].as_u64()? {
        300 => Some("five_hour"),
        1_440 => Some("daily"),
        10_080 => Some("weekly"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::nothing(json!({"primary": null, "rateLimitReachedType": null}), None)]
    #[case::room(json!({"primary": {"usedPercent": 12, "windowDurationMins": 300}}), Some("allowed five_hour"))]
    #[case::the_fuller_counts(json!({"primary": {"usedPercent": 12}, "secondary": {"usedPercent": 95, "windowDurationMins": 10_080}}),
        Some("warning weekly"))]
    #[case::full(json!({"primary": {"usedPercent": 100, "windowDurationMins": 7}}), Some("rejected primary"))]
    #[case::said_so(json!({"rateLimitReachedType": "rate_limit_reached"}), Some("rejected account"))]
    fn a_limit_is_read(#[case] limits: Value, #[case] read: Option<&str>) {
        let limit = rate_limit(&limits).map(|limit| serde_json::to_value(limit).expect("serializes"));
        let words = |name: &str| limit.as_ref().and_then(|limit| limit[name].as_str()).unwrap_or_default().to_owned();
        assert_eq!(read.map(str::to_owned), limit.is_some().then(|| format!("{} {}", words("status"), words("kind"))));
    }

    #[rstest]
    #[case::a_new_thread(&[(100, 100)], false, &[100])]
    #[case::the_same_count_again(&[(100, 100), (100, 100), (150, 50)], false, &[100, 0, 50])]
    #[case::a_resumed_thread_counts_its_past(&[(900, 100), (1000, 100)], true, &[0, 100])]
    #[case::a_resumed_thread_counts_late(&[(1000, 100)], false, &[100])]
    fn only_new_tokens_count(#[case] counts: &[(u64, u64)], #[case] first_is_past: bool, #[case] new: &[u64]) {
        let mut tokens = Tokens::default();
        let mut is_past = first_is_past;
        let read = counts.iter().map(|(total, last)| {
            let usage = json!({"total": {"inputTokens": total}, "last": {"inputTokens": last}});
            tokens.new_in(&usage, std::mem::take(&mut is_past)).input_tokens
        });
        assert_eq!(read.collect::<Vec<_>>(), new);
    }

    #[test]
    fn cached_input_is_counted_apart() {
        let counts =
            json!({"inputTokens": 100, "cachedInputTokens": 60, "cacheWriteInputTokens": 10, "outputTokens": 5});
        let usage = Usage { input_tokens: 30, output_tokens: 5, cache_read_tokens: 60, cache_write_tokens: 10 };
        assert_eq!(tokens(&counts), usage);
    }
}
