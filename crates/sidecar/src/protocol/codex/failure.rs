//! Errors of Codex in words for a person.

use serde_json::Value;

/// What the error of a turn says, and what to do about it.
pub(super) fn turn_failed(error: &Value) -> String {
    let text = message(error).unwrap_or_else(|| "Codex reported an error without saying which".to_owned());
    match error["codexErrorInfo"].as_str() {
        Some("unauthorized") => format!("{text}; log in with `codex login`, or pass the model's key on to Codex"),
        Some("usageLimitExceeded" | "rateLimitExceeded") => format!("{text}; the account's limit is reached"),
        Some("contextWindowExceeded") => format!("{text}; start a new session"),
        _ => text,
    }
}

/// Why no conversation could be opened, and what to do about it.
pub(super) fn not_opened(error: &Value, resumed: Option<&str>) -> String {
    let text = message(error).unwrap_or_else(|| error.to_string());
    match resumed {
        Some(id) => format!(
            "Codex could not go on with conversation {id}: {text}; it keeps conversations in its home folder \
             (CODEX_HOME): start a new session if it is gone"
        ),
        None => format!("Codex could not begin a conversation: {text}"),
    }
}

/// The message of `error`. Codex passes on what a model's service answered, which often is JSON itself.
fn message(error: &Value) -> Option<String> {
    let text = error["message"].as_str().filter(|text| !text.is_empty())?;
    let inner = serde_json::from_str::<Value>(text).ok();
    let inner = inner.and_then(|answer| Some(answer["error"]["message"].as_str()?.to_owned()));
    Some(inner.unwrap_or_else(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::plain(json!({"message": "it broke", "codexErrorInfo": "other"}), "it broke")]
    #[case::wrapped(json!({"message": "{\"error\": {\"message\": \"it broke\"}}"}), "it broke")]
    #[case::not_logged_in(json!({"message": "401", "codexErrorInfo": "unauthorized"}),
        "401; log in with `codex login`, or pass the model's key on to Codex")]
    #[case::an_object_for_a_cause(json!({"message": "cut", "codexErrorInfo": {"responseStreamDisconnected": {}}}), "cut")]
    #[case::nothing(Value::Null, "Codex reported an error without saying which")]
    fn an_error_says_what_to_do(#[case] error: Value, #[case] text: &str) {
        assert_eq!(turn_failed(&error), text);
    }
}
