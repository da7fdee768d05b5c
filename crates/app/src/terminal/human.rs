//! Durations, ages, sizes and money in as few characters as a glance needs.

use std::time::Duration;

use switchboard_domain::{Cost, Timestamp};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A duration in two units at most: `850ms`, `4.2s`, `3m 07s`, `2h 05m`, `4d 03h`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..MINUTE => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        MINUTE..HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d {:02}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// A time spent working, `-` for none.
pub(crate) fn worked(elapsed: Duration) -> String {
    if elapsed.is_zero() { "-".to_owned() } else { duration(elapsed) }
}

/// How long ago `then` was, in one unit: `now`, `42s ago`, `7m ago`, `3h ago`, `6d ago`; a date after 30 days.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(then).as_secs();
    match seconds {
        0..3 => "now".to_owned(),
        3..MINUTE => format!("{seconds}s ago"),
        MINUTE..HOUR => format!("{}m ago", seconds / MINUTE),
        HOUR..DAY => format!("{}h ago", seconds / HOUR),
        _ if seconds < 30 * DAY => format!("{}d ago", seconds / DAY),
        _ => then.to_datetime().format("%Y-%m-%d").to_string(),
    }
}

/// Money: `-` for nothing, cents from a cent on, four decimals below.
pub(crate) fn cost(cost: Cost) -> String {
    match cost.as_micro_usd() {
        0 => "-".to_owned(),
        1..100 => "<$0.0001".to_owned(),
        100..10_000 => format!("${:.4}", cost.as_usd()),
        _ => format!("${:.2}", cost.as_usd()),
    }
}

/// A number of bytes in the largest binary unit that leaves at least 1: `0 B`, `12 kB`, `3.4 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", tenths / 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0ms")]
    #[case(999, "999ms")]
    #[case(1_000, "1.0s")]
    #[case(59_999, "59.9s")]
    #[case(60_000, "1m 00s")]
    #[case(3_599_000, "59m 59s")]
    #[case(3_600_000, "1h 00m")]
    #[case(100_000_000, "1d 03h")]
    fn durations(#[case] millis: u64, #[case] text: &str) {
        assert_eq!(duration(Duration::from_millis(millis)), text);
    }

    #[rstest]
    #[case(0, "now")]
    #[case(3, "3s ago")]
    #[case(119, "1m ago")]
    #[case(7_200, "2h ago")]
    #[case(86_400, "1d ago")]
    #[case(2_592_000, "2023-10-15")]
    fn ages(#[case] seconds: i64, #[case] text: &str) {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        assert_eq!(age(Timestamp::from_micros(now.as_micros() - seconds * 1_000_000), now), text);
    }

    #[test]
    fn a_clock_that_went_back_is_now() {
        assert_eq!(age(Timestamp::from_micros(10_000_000), Timestamp::from_micros(0)), "now");
    }

    #[rstest]
    #[case(0, "-")]
    #[case(99, "<$0.0001")]
    #[case(4_200, "$0.0042")]
    #[case(10_000, "$0.01")]
    #[case(12_345_678, "$12.35")]
    fn costs(#[case] micros: u64, #[case] text: &str) {
        assert_eq!(cost(Cost::from_micro_usd(micros)), text);
    }

    #[rstest]
    #[case(0, "0 B")]
    #[case(1023, "1023 B")]
    #[case(1024, "1.0 kB")]
    #[case(1_048_575, "1023 kB")]
    #[case(3_565_159, "3.4 MB")]
    #[case(u64::MAX / 10, "1677721 TB")]
    fn sizes(#[case] bytes: u64, #[case] text: &str) {
        assert_eq!(size(bytes), text);
    }
}
