//! How a turn ended, and what it cost.

use serde_json::Value;
use switchboard_domain::{AgentSessionId, Cost};

/// What begins a line of diagnostics for Claude Code's own developers.
const DIAGNOSTIC: &str = "[ede_diagnostic]";

/// Why the turn of a `result` line failed, in words for a person; `None` when it did not.
///
/// `is_error` decides: an HTTP error arrives as `subtype: success, is_error: true`.
pub(super) fn failure(result: &Value, resumed: Option<&AgentSessionId>) -> Option<String> {
    let subtype = result["subtype"].as_str().unwrap_or_default();
    if !result["is_error"].as_bool().unwrap_or(subtype != "success") {
        return None;
    }
    let said = said(result);
    let text = match subtype {
        "error_max_budget_usd" => "the session's budget is used up".to_owned(),
        "error_max_turns" => "the limit on steps in one turn is reached".to_owned(),
        _ if said.is_empty() => format!("Claude Code reported an error without saying which ({subtype})"),
        _ => said,
    };
    Some(with_advice(text, resumed))
}

fn said(result: &Value) -> String {
    let errors = result["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let errors = errors.iter().filter_map(Value::as_str).filter(|error| !error.starts_with(DIAGNOSTIC));
    let errors = errors.collect::<Vec<_>>().join("; ");
    if errors.is_empty() { result["result"].as_str().unwrap_or_default().to_owned() } else { errors }
}

fn with_advice(text: String, resumed: Option<&AgentSessionId>) -> String {
    if resumed.is_some() && text.contains("No conversation found") {
        return format!(
            "{text}; Claude Code keeps a conversation by folder and home directory, and only for some weeks: \
             start a new session if it is gone"
        );
    }
    if text.contains("/login") || text.contains("Invalid API key") {
        return format!("{text}; log in by running `claude` in a terminal, or pass ANTHROPIC_API_KEY on to it");
    }
    text
}

/// Money spent since the process started.
///
/// Claude Code counts a resumed conversation from where the earlier process had left it.
#[derive(Debug, Default)]
pub(super) struct Spending {
    /// What the count stood at when the process started; `None` before the first result.
    before: Option<f64>,
}

impl Spending {
    /// What the process has spent by the `result`, if it says.
    pub(super) fn total(&mut self, result: &Value) -> Option<Cost> {
        let total = result["total_cost_usd"].as_f64()?;
        let before = *self.before.get_or_insert_with(|| {
            let since = &result["model_usage_since_last_result"];
            let models = since.as_object().map(|models| models.values().filter_map(|model| model["costUSD"].as_f64()));
            models.map_or(0.0, |costs| total - costs.sum::<f64>())
        });
        // Differences of sums of floating point numbers may fall a hair below zero.
        Cost::from_usd((total - before).max(0.0))
    }
}
