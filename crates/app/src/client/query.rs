//! Paths with something behind their `?`.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// The path with the fields of `params` behind it, each as text.
pub(super) fn with_query(path: &str, params: &impl Serialize) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(params) else { return path.to_owned() };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(&text(value)))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The text as it may stand in one part of a path or query.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_query_arrives_as_it_was() {
        let params = serde_json::json!({ "q": "a b&c=d/ä", "limit": 5 });
        assert_eq!(with_query("/search", &params), "/search?q=a%20b%26c%3Dd%2F%C3%A4&limit=5");
        assert_eq!(with_query("/search", &serde_json::json!({})), "/search");
    }
}
