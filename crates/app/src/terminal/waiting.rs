//! What a session waits for, in words.

use chrono::{DateTime, Local, TimeZone};
use switchboard_domain::{Timestamp, WaitingReason};

use super::single_line;

/// What a session waits for, and until when by the person's own clock.
pub(crate) fn waits_for(reason: &WaitingReason) -> String {
    waits_for_in(reason, chrono::Utc::now().into(), &Local)
}

fn waits_for_in<Zone: TimeZone>(reason: &WaitingReason, now: Timestamp, zone: &Zone) -> String
where
    Zone::Offset: std::fmt::Display,
{
    let told = single_line(&reason.to_string());
    let WaitingReason::RateLimit { until, .. } = reason else { return told };
    let local = |moment: Timestamp| -> DateTime<Zone> { moment.to_datetime().with_timezone(zone) };
    let is_today = local(*until).date_naive() == local(now).date_naive();
    let format = if is_today { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    format!("{told} until {}", local(*until).format(format))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::FixedOffset;

    use super::*;

    #[test]
    fn the_time_is_the_persons_own_and_has_a_date_when_it_is_another_day() {
        let zone = FixedOffset::east_opt(3_600).expect("an hour");
        let now = Timestamp::from_micros(1_795_600_000_000_000);
        let shut = |until| WaitingReason::RateLimit { account: "cla\nude".into(), until };
        let soon = waits_for_in(&shut(now.after(Duration::from_hours(1))), now, &zone);
        assert_eq!(soon, "waits: the account `cla ude` is exhausted until 11:46");
        let later = waits_for_in(&shut(now.after(Duration::from_hours(30))), now, &zone);
        assert_eq!(later, "waits: the account `cla ude` is exhausted until 2026-11-26 16:46");
        assert_eq!(waits_for_in(&WaitingReason::Slot, now, &zone), "waits for a free slot");
    }
}
