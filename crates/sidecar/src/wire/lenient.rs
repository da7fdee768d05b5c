//! Readers for fields that a sloppy program may fill with the wrong thing.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use switchboard_domain::{RateLimitStatus, Timestamp};

/// Numbers from here on are milliseconds since the epoch, smaller ones seconds: as seconds this is the
/// year 5138, as milliseconds it is 1973.
const MILLISECONDS_FROM: f64 = 1e11;

/// The value if it makes sense, else nothing.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// Text; anything else in its JSON form.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// A moment: RFC 3339, or seconds or milliseconds since the epoch.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(match value.as_f64() {
        Some(number) => from_epoch(number),
        None => Timestamp::deserialize(value).ok(),
    })
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    let micros = if number >= MILLISECONDS_FROM { number * 1e3 } else { number * 1e6 };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
    (0.0..9e18).contains(&micros).then(|| Timestamp::from_micros(micros as i64))
}

/// A status, under our names and those that agents in use send.
pub(crate) fn rate_limit_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RateLimitStatus, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "allowed" => Ok(RateLimitStatus::Allowed),
        "warning" | "allowed_warning" => Ok(RateLimitStatus::Warning),
        "rejected" => Ok(RateLimitStatus::Rejected),
        other => Err(serde::de::Error::custom(format!("unknown rate limit status `{other}`"))),
    }
}
