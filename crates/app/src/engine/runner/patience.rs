//! How long a turn may take, and how long its agent may say nothing.
//!
//! The time in which a person is asked for approval counts for neither. Time is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// How long a turn may take, and how long its agent may say nothing; what is `None` has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// A turn that takes longer fails.
    pub turn_timeout: Option<Duration>,
    /// An agent that is silent for longer is reported, and goes on.
    pub stuck_after: Option<Duration>,
}

/// Watches the turns of one session.
#[derive(Debug)]
pub(super) struct TurnWatch {
    patience: Patience,
    turn: Option<Turn>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Moved later by the time in which a person was asked.
    began: Instant,
    heard: Instant,
    asks_since: Option<Instant>,
    is_reported: bool,
}

/// Patience is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The turn took as long as it may.
    TimedOut(Duration),
    /// The agent said nothing for so long.
    Stuck(Duration),
}

impl TurnWatch {
    pub(super) const fn new(patience: Patience) -> Self {
        Self { patience, turn: None }
    }

    /// A turn is under way, and has been since now if it was not before.
    pub(super) fn under_way(&mut self, asks: bool, now: Instant) {
        let begun = Turn { began: now, heard: now, asks_since: None, is_reported: false };
        let turn = self.turn.get_or_insert(begun);
        match (turn.asks_since, asks) {
            (None, true) => turn.asks_since = Some(now),
            (Some(since), false) => {
                turn.began += now - since;
                turn.heard = now;
                turn.asks_since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// No turn is under way.
    pub(super) const fn over(&mut self) {
        self.turn = None;
    }

    /// The agent said something; `true` when it had been reported as silent.
    pub(super) fn heard(&mut self, now: Instant) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        turn.heard = now;
        std::mem::take(&mut turn.is_reported)
    }

    /// When patience is over, if nothing happens before.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let turn = self.turn.filter(|turn| turn.asks_since.is_none())?;
        let timeout = self.patience.turn_timeout.map(|limit| turn.began + limit);
        let silence = self.patience.stuck_after.filter(|_| !turn.is_reported).map(|limit| turn.heard + limit);
        timeout.into_iter().chain(silence).min()
    }

    /// What patience is over with. Silence is reported once.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        let turn = self.turn.as_mut().filter(|turn| turn.asks_since.is_none())?;
        if let Some(limit) = self.patience.turn_timeout.filter(|limit| now - turn.began >= *limit) {
            return Some(Due::TimedOut(limit));
        }
        let is_silent = |limit: &Duration| !turn.is_reported && now - turn.heard >= *limit;
        let limit = self.patience.stuck_after.filter(is_silent)?;
        turn.is_reported = true;
        Some(Due::Stuck(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn watch() -> (TurnWatch, Instant) {
        let patience = Patience { turn_timeout: Some(10 * MINUTE), stuck_after: Some(3 * MINUTE) };
        let (mut watch, began) = (TurnWatch::new(patience), Instant::now());
        watch.under_way(false, began);
        (watch, began)
    }

    #[test]
    fn silence_is_reported_once_until_the_agent_speaks() {
        let (mut watch, began) = watch();
        assert_eq!(watch.next_look(), Some(began + 3 * MINUTE));
        assert_eq!(watch.due(began + 2 * MINUTE), None);
        assert_eq!(watch.due(began + 3 * MINUTE), Some(Due::Stuck(3 * MINUTE)));
        assert_eq!(watch.due(began + 4 * MINUTE), None);
        assert!(watch.heard(began + 5 * MINUTE), "it was reported");
        assert!(!watch.heard(began + 5 * MINUTE));
        assert_eq!(watch.due(began + 8 * MINUTE), Some(Due::Stuck(3 * MINUTE)));
    }

    #[test]
    fn a_turn_that_talks_on_and_on_times_out_all_the_same() {
        let (mut watch, began) = watch();
        for minute in 1..10 {
            watch.heard(began + minute * MINUTE);
            assert_eq!(watch.due(began + minute * MINUTE), None);
        }
        assert_eq!(watch.due(began + 10 * MINUTE), Some(Due::TimedOut(10 * MINUTE)));
        watch.over();
        assert_eq!((watch.due(began + 99 * MINUTE), watch.next_look()), (None, None));
    }

    #[test]
    fn the_time_in_which_a_person_thinks_does_not_count() {
        let (mut watch, began) = watch();
        watch.under_way(true, began + MINUTE);
        watch.under_way(true, began + 2 * MINUTE);
        assert_eq!((watch.next_look(), watch.due(began + 600 * MINUTE)), (None, None));
        watch.under_way(false, began + 601 * MINUTE);
        assert_eq!(watch.next_look(), Some(began + 604 * MINUTE));
        watch.heard(began + 609 * MINUTE);
        assert_eq!(watch.due(began + 609 * MINUTE), None, "nine minutes of its own");
        assert_eq!(watch.due(began + 610 * MINUTE), Some(Due::TimedOut(10 * MINUTE)));
    }
}
