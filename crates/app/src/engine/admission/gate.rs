//! Whether turns may begin on an agent's account: open, shut until a reset, or being tried by one session.
//!
//! Time is an argument: the same history gives the same answers.

use std::time::Duration;

use switchboard_domain::{RateLimit, RateLimitStatus, SessionId, Timestamp};

/// A reset further away is a mistake or a lie: the longest limits known are weekly.
const RESET_MAX: Duration = Duration::from_hours(8 * 24);

/// How long an account rests that is exhausted and does not say until when. Doubled at each attempt that fails.
const REST_MIN: Duration = Duration::from_mins(1);

/// The longest such rest: whoever pays for more in the meantime should not wait for hours.
const REST_MAX: Duration = Duration::from_mins(30);

/// One agent account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gate {
    state: GateState,
    /// Attempts in a row that found the account exhausted.
    strikes: u32,
    /// The limit that was reached, in the agent's words.
    kind: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum GateState {
    #[default]
    Open,
    /// Nobody passes before this moment; then one session tries.
    Shut { until: Timestamp },
    /// This session's turn shows whether the account works again, since this moment.
    Tried { by: SessionId, since: Timestamp },
}

/// Whether a turn may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It may.
    Free,
    /// It may, and shows whether the account works again.
    AsProbe,
    /// Not before this moment.
    ShutUntil(Timestamp),
    /// Not before another session found out.
    BeingTried,
}

impl Gate {
    /// One that was shut when the program ended.
    pub(super) fn restored(until: Timestamp) -> Self {
        Self { state: GateState::Shut { until }, strikes: 1, kind: None }
    }

    /// Until when the account is known to be exhausted; a moment that is past when that is being tried.
    pub(super) const fn exhausted_until(&self) -> Option<Timestamp> {
        match self.state {
            GateState::Open => None,
            GateState::Shut { until } | GateState::Tried { since: until, .. } => Some(until),
        }
    }

    /// Whether a turn may begin now.
    pub(super) fn passage(&self, now: Timestamp) -> Passage {
        match self.state {
            GateState::Open => Passage::Free,
            GateState::Shut { until } if now >= until => Passage::AsProbe,
            GateState::Shut { until } => Passage::ShutUntil(until),
            GateState::Tried { .. } => Passage::BeingTried,
        }
    }

    /// `session` begins the turn that shows whether the account works again.
    pub(super) fn try_with(&mut self, session: SessionId, now: Timestamp) {
        self.state = GateState::Tried { by: session, since: now };
    }

    /// An agent told `session` what the account may still do; `true` when that shut the gate.
    pub(super) fn hear(&mut self, session: SessionId, limit: &RateLimit, now: Timestamp) -> bool {
        match limit.status {
            RateLimitStatus::Rejected => self.shut(limit, now),
            // Of another limit than the one that was reached it says nothing.
            RateLimitStatus::Allowed | RateLimitStatus::Warning if limit.kind == self.kind => {
                self.answered(session);
                false
            }
            RateLimitStatus::Allowed | RateLimitStatus::Warning => false,
        }
    }

    /// The model answered `session`. Turns that began before the gate shut prove nothing.
    pub(super) fn answered(&mut self, session: SessionId) {
        if self.is_tried_by(session) {
            *self = Self::default();
        }
    }

    /// The turn of `session` is over. If it was the attempt and showed nothing, the next one tries.
    pub(super) fn leave(&mut self, session: SessionId, now: Timestamp) {
        if self.is_tried_by(session) {
            self.state = GateState::Shut { until: now };
        }
    }

    fn is_tried_by(&self, session: SessionId) -> bool {
        matches!(self.state, GateState::Tried { by, .. } if by == session)
    }

    /// When there is something new to decide.
    pub(super) const fn next_look(&self) -> Option<Timestamp> {
        match self.state {
            GateState::Shut { until } => Some(until),
            GateState::Open | GateState::Tried { .. } => None,
        }
    }

    fn shut(&mut self, limit: &RateLimit, now: Timestamp) -> bool {
        let already = match self.state {
            GateState::Shut { until } if until > now => Some(until),
            GateState::Open | GateState::Shut { .. } | GateState::Tried { .. } => None,
        };
        let said = limit.resets_at.filter(|at| *at > now && at.since(now) <= RESET_MAX);
        // Turns that were under way together run into the same wall: that is one strike, and the last
        // to be free again counts.
        let until = match (said, already) {
            (Some(said), Some(already)) => said.max(already),
            (Some(said), None) => said,
            (None, Some(already)) => already,
            (None, None) => now.after(rest(self.strikes)),
        };
        if already.is_none() {
            self.strikes = self.strikes.saturating_add(1);
        }
        self.kind.clone_from(&limit.kind);
        self.state = GateState::Shut { until };
        already.is_none()
    }
}

fn rest(strikes: u32) -> Duration {
    REST_MIN.saturating_mul(1 << strikes.min(5)).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn session(number: u128) -> SessionId {
        SessionId::new(uuid::Uuid::from_u128(number))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0).after(Duration::from_secs(seconds))
    }

    fn said(status: RateLimitStatus, resets_at: Option<Timestamp>) -> RateLimit {
        RateLimit { status, resets_at, kind: Some("weekly".into()) }
    }

    fn exhausted(until: Option<Timestamp>) -> Gate {
        let mut gate = Gate::default();
        assert!(gate.hear(session(1), &said(RateLimitStatus::Rejected, until), at(0)));
        gate
    }

    #[rstest]
    #[case::said(Some(at(3_600)), 3_600)]
    #[case::not_said(None, 60)]
    #[case::already_over(Some(at(0)), 60)]
    #[case::absurd(Some(at(9 * 24 * 3_600)), 60)]
    fn nobody_passes_before_the_reset_and_then_one(#[case] resets_at: Option<Timestamp>, #[case] seconds: u64) {
        let mut gate = exhausted(resets_at);
        assert_eq!(gate.passage(at(seconds - 1)), Passage::ShutUntil(at(seconds)));
        assert_eq!(gate.next_look(), Some(at(seconds)));
        assert_eq!(gate.passage(at(seconds)), Passage::AsProbe);
        gate.try_with(session(2), at(0));
        assert_eq!(gate.passage(at(seconds + 9_999)), Passage::BeingTried);
        gate.answered(session(2));
        assert_eq!(gate.passage(at(seconds)), Passage::Free);
    }

    #[rstest]
    #[case::warning(RateLimitStatus::Warning)]
    #[case::allowed(RateLimitStatus::Allowed)]
    fn other_words_about_the_account_change_nothing(#[case] status: RateLimitStatus) {
        let mut gate = Gate::default();
        gate.hear(session(1), &said(status, Some(at(3_600))), at(0));
        assert_eq!(gate, Gate::default());
        let mut gate = exhausted(Some(at(3_600)));
        gate.hear(session(1), &said(status, None), at(1));
        assert_eq!(gate, exhausted(Some(at(3_600))), "they may be older than what shut it");
    }

    #[test]
    fn rests_grow_while_attempts_fail_and_are_short_again_after_one_that_works() {
        let mut gate = exhausted(None);
        let mut now = at(0);
        let mut rests = Vec::new();
        for _ in 0..8 {
            let until = gate.next_look().expect("shut");
            rests.push(until.since(now).as_secs() / 60);
            now = until;
            gate.try_with(session(2), at(0));
            gate.hear(session(2), &said(RateLimitStatus::Rejected, None), now);
        }
        assert_eq!(rests, [1, 2, 4, 8, 16, 30, 30, 30]);
        gate.try_with(session(3), at(0));
        gate.hear(session(3), &said(RateLimitStatus::Allowed, None), now);
        gate.hear(session(4), &said(RateLimitStatus::Rejected, None), now);
        assert_eq!(gate.next_look(), Some(now.after(REST_MIN)));
    }

    #[test]
    fn an_attempt_that_shows_nothing_makes_room_for_the_next() {
        let mut gate = exhausted(Some(at(60)));
        gate.try_with(session(2), at(0));
        gate.leave(session(1), at(70));
        assert_eq!(gate.passage(at(70)), Passage::BeingTried, "another session's end is no news");
        gate.leave(session(2), at(70));
        assert_eq!(gate.passage(at(70)), Passage::AsProbe);
    }

    #[test]
    fn turns_that_hit_the_same_wall_together_are_one_strike_and_the_latest_reset_counts() {
        let mut gate = exhausted(Some(at(3_600)));
        assert!(!gate.hear(session(2), &said(RateLimitStatus::Rejected, Some(at(60))), at(1)));
        assert!(!gate.hear(session(3), &said(RateLimitStatus::Rejected, Some(at(7_200))), at(2)));
        assert_eq!((gate.next_look(), gate.strikes), (Some(at(7_200)), 1));
    }

    proptest! {
        #[test]
        fn however_often_it_is_shut_it_opens_within_days(resets in proptest::collection::vec(0_u64..40 * 24 * 3_600, 1..20)) {
            let mut gate = Gate::default();
            for reset in resets {
                gate.hear(session(1), &said(RateLimitStatus::Rejected, Some(at(reset))), at(0));
            }
            let until = gate.next_look().expect("shut");
            prop_assert!(until > at(0) && until <= at(0).after(RESET_MAX.max(HOUR)));
            prop_assert_eq!(gate.passage(until), Passage::AsProbe);
        }
    }
}
