//! Whether and when to try again.

use std::time::Duration;

use switchboard_domain::Timestamp;

/// Tries after the first one. With the longest waits that is some three minutes.
const RETRIES_MAX: u32 = 6;

/// Before the first retry at most this long; twice as long before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// No wait of our own is longer than this.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// When the endpoint wants a longer wait than this, the user is told instead.
const WANTED_WAIT_MAX: Duration = Duration::from_mins(10);

/// How long to wait before try number `retry`, counted from 0; `None` when it is time to give up.
///
/// What the endpoint `wanted` is followed, and a little added so that not all agents of an account come back at
/// once. Otherwise any part of a wait that doubles each time, for the same reason. `chance` is from 0 to 1.
pub(super) fn wait(retry: u32, wanted: Option<Duration>, chance: f64) -> Option<Duration> {
    if retry >= RETRIES_MAX {
        return None;
    }
    let part = |wait: Duration| wait.mul_f64(chance.clamp(0.0, 1.0));
    match wanted {
        Some(wanted) if wanted > WANTED_WAIT_MAX => None,
        Some(wanted) => Some(wanted + part(FIRST_WAIT)),
        None => Some(part(FIRST_WAIT.saturating_mul(1 << retry).min(WAIT_MAX))),
    }
}

/// Reads a `retry-after` header: seconds, or a date as HTTP has them, which is taken to be after `now`.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = chrono::DateTime::parse_from_rfc2822(header).ok()?;
    let micros = date.timestamp_micros().saturating_sub(now.as_micros());
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first(0, None, Some(2))]
    #[case::doubles(2, None, Some(8))]
    #[case::bounded(5, None, Some(60))]
    #[case::gives_up(6, None, None)]
    #[case::as_wanted(0, Some(30), Some(32))]
    #[case::wanted_too_long(0, Some(3_600), None)]
    fn waits_grow_to_a_bound(#[case] retry: u32, #[case] wanted: Option<u64>, #[case] seconds: Option<u64>) {
        let longest = wait(retry, wanted.map(Duration::from_secs), 1.0);
        assert_eq!(longest, seconds.map(Duration::from_secs));
    }

    #[test]
    fn never_sooner_than_wanted() {
        assert_eq!(wait(0, Some(Duration::from_secs(5)), 0.0), Some(Duration::from_secs(5)));
    }

    #[rstest]
    #[case::seconds("7", Some(7_000))]
    #[case::parts("0.5", Some(500))]
    #[case::date("Tue, 14 Nov 2023 22:13:30 GMT", Some(10_000))]
    #[case::date_in_the_past("Tue, 14 Nov 2023 22:13:00 GMT", Some(0))]
    #[case::negative("-1", None)]
    #[case::endless("1e300", None)]
    #[case::nonsense("soon", None)]
    fn both_forms_of_the_header_are_read(#[case] header: &str, #[case] millis: Option<u64>) {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        assert_eq!(retry_after(header, now), millis.map(Duration::from_millis));
    }
}
