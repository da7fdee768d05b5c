//! Whether one more agent fits into memory, and which idle ones should end to make room.
//!
//! What agents use is measured from outside. One that has just started has not taken yet what it will
//! need, so until it is warm it counts at least as much as agents usually need.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use switchboard_domain::{SessionId, Timestamp};

/// What an agent is taken to need before any was measured: a Node program with a conversation in memory.
pub(crate) const AGENT_BYTES_DEFAULT: u64 = 256 << 20;

/// By then an agent has loaded its code.
const WARM_AFTER: Duration = Duration::from_secs(30);

/// The processes of agents and the memory they use.
#[derive(Debug)]
pub(super) struct Room {
    memory_max: Option<u64>,
    processes: BTreeMap<SessionId, Known>,
    /// Let in, and not started yet.
    launching: BTreeSet<SessionId>,
    /// What one more agent is taken to need.
    estimate: u64,
}

/// An agent's process, as far as room for others is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its id, which is that of its group; `None` when there is none to measure.
    pub(crate) pid: Option<u32>,
    /// Whether another process could go on with its conversation.
    pub(crate) is_resumable: bool,
    /// Whether a turn is under way.
    pub(crate) works: bool,
}

#[derive(Debug)]
struct Known {
    process: Process,
    since: Timestamp,
    idle_since: Option<Timestamp>,
    resident: Option<u64>,
    /// It was chosen to end.
    is_ending: bool,
}

impl Room {
    pub(super) fn new(memory_max: Option<u64>) -> Self {
        let (processes, launching) = (BTreeMap::new(), BTreeSet::new());
        Self { memory_max, processes, launching, estimate: AGENT_BYTES_DEFAULT }
    }

    /// Whether there is an upper limit, and something to measure.
    pub(super) fn wants_measure(&self) -> bool {
        self.memory_max.is_some() && !self.processes.is_empty()
    }

    /// Whether one more process may start. When nobody works one always may, once no idle one is left to end:
    /// or those that must be kept could keep everybody out for ever.
    pub(super) fn fits_one_more(&self, nobody_works: bool, now: Timestamp) -> bool {
        let Some(max) = self.memory_max else { return true };
        let can_free_some = self.processes.values().any(|known| known.process.is_resumable);
        (nobody_works && !can_free_some) || self.used(now).saturating_add(self.estimate) <= max
    }

    /// What agents use, as far as is known, and what those that are starting will.
    pub(super) fn used(&self, now: Timestamp) -> u64 {
        let launching = self.estimate.saturating_mul(self.launching.len() as u64);
        self.processes.values().map(|known| self.weight(known, now)).fold(launching, u64::saturating_add)
    }

    fn weight(&self, known: &Known, now: Timestamp) -> u64 {
        match known.resident {
            Some(resident) if now.since(known.since) >= WARM_AFTER => resident,
            Some(resident) => resident.max(self.estimate),
            None => self.estimate,
        }
    }

    /// A session that has no process yet was let in.
    pub(super) fn launch(&mut self, session: SessionId) {
        if !self.processes.contains_key(&session) {
            self.launching.insert(session);
        }
    }

    /// The session's turn is over, with or without a process.
    pub(super) fn left(&mut self, session: SessionId) {
        self.launching.remove(&session);
    }

    /// The session has this process now, or none any more.
    pub(super) fn set_process(&mut self, session: SessionId, process: Option<Process>, now: Timestamp) {
        let Some(process) = process else {
            self.processes.remove(&session);
            return;
        };
        self.launching.remove(&session);
        let known = self.processes.entry(session).or_insert(Known {
            process,
            since: now,
            idle_since: None,
            resident: None,
            is_ending: false,
        });
        known.process = process;
        known.idle_since = if process.works { None } else { known.idle_since.or(Some(now)) };
        known.is_ending &= !process.works;
    }

    /// What each process group was seen to use.
    pub(super) fn measured(&mut self, resident: &BTreeMap<u32, u64>, now: Timestamp) {
        for known in self.processes.values_mut() {
            known.resident = known.process.pid.and_then(|pid| resident.get(&pid).copied()).or(known.resident);
        }
        let is_warm = |known: &&Known| now.since(known.since) >= WARM_AFTER;
        let warm = self.processes.values().filter(is_warm).filter_map(|known| known.resident);
        let (sum, count) = warm.fold((0_u64, 0_u64), |(sum, count), bytes| (sum.saturating_add(bytes), count + 1));
        self.estimate = sum.checked_div(count).unwrap_or(AGENT_BYTES_DEFAULT);
    }

    /// The process groups to measure.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.processes.values().filter_map(|known| known.process.pid).collect()
    }

    /// Chooses idle processes to end: those idle for `idle_after`, those beyond `idle_max`, and, when a
    /// turn waits for memory, the one that is idle longest. Only what can be gone on with later is ended.
    pub(super) fn choose_to_end(
        &mut self,
        idle_after: Duration,
        idle_max: usize,
        memory_is_wanted: bool,
        now: Timestamp,
    ) -> Vec<SessionId> {
        let is_choosable = |known: &Known| known.process.is_resumable && !known.is_ending;
        let mut idle: Vec<(Timestamp, SessionId)> = self
            .processes
            .iter()
            .filter(|(_, known)| is_choosable(known))
            .filter_map(|(session, known)| Some((known.idle_since?, *session)))
            .collect();
        idle.sort_unstable();
        let one_ends = self.processes.values().any(|known| known.is_ending);
        let wanted = usize::from(memory_is_wanted && !one_ends);
        let surplus = idle.len().saturating_sub(idle_max).max(wanted);
        let expired = idle.iter().take_while(|(since, _)| now.since(*since) >= idle_after).count();
        idle.truncate(surplus.max(expired));
        for (_, session) in &idle {
            if let Some(known) = self.processes.get_mut(session) {
                known.is_ending = true;
            }
        }
        idle.into_iter().map(|(_, session)| session).collect()
    }

    /// When the next idle process has been idle long enough.
    pub(super) fn next_look(&self, idle_after: Duration) -> Option<Timestamp> {
        let resting = self.processes.values().filter(|known| known.process.is_resumable && !known.is_ending);
        resting.filter_map(|known| known.idle_since).min().map(|since| since.after(idle_after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const QUARTER: Duration = Duration::from_mins(15);

    fn session(number: u32) -> SessionId {
        SessionId::new(uuid::Uuid::from_u128(number.into()))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0).after(Duration::from_secs(seconds))
    }

    fn process(pid: u32, works: bool) -> Process {
        Process { pid: Some(pid), is_resumable: true, works }
    }

    /// Processes 1 to `count`, working since the start.
    fn room(memory_max: u64, count: u32) -> Room {
        let mut room = Room::new(Some(memory_max));
        for pid in 1..=count {
            room.launch(session(pid));
            room.set_process(session(pid), Some(process(pid, true)), at(0));
        }
        room
    }

    #[test]
    fn what_has_just_started_counts_as_much_as_it_will_need() {
        let mut room = room(600 * MIB, 1);
        assert!(room.fits_one_more(false, at(1)));
        room.launch(session(2));
        assert!(!room.fits_one_more(false, at(1)), "256 for each that runs, starts, or would start");
        room.measured(&BTreeMap::from([(1, 10 * MIB)]), at(1));
        assert_eq!(room.used(at(1)), 2 * AGENT_BYTES_DEFAULT, "it is not warm yet");
    }

    #[test]
    fn warm_agents_count_what_they_use_and_tell_what_the_next_will() {
        let mut room = room(600 * MIB, 2);
        room.measured(&BTreeMap::from([(1, 100 * MIB), (2, 300 * MIB)]), at(40));
        assert_eq!(room.used(at(40)), 400 * MIB);
        assert!(room.fits_one_more(false, at(40)), "the next is taken to need 200");
        room.measured(&BTreeMap::from([(1, 100 * MIB), (2, 310 * MIB)]), at(40));
        assert!(!room.fits_one_more(false, at(40)));
    }

    #[test]
    fn the_first_agent_may_always_start_and_without_a_limit_all_may() {
        assert!(room(1, 0).fits_one_more(true, at(0)));
        assert!(!room(1, 1).fits_one_more(false, at(0)));
        let mut endless = Room::new(None);
        endless.launch(session(1));
        assert!(endless.fits_one_more(false, at(0)) && !endless.wants_measure());
    }

    #[test]
    fn the_longest_idle_end_first_when_they_are_too_many() {
        let mut room = room(u64::MAX, 4);
        for (pid, seconds) in [(2, 30), (3, 10), (4, 20)] {
            room.set_process(session(pid), Some(process(pid, false)), at(seconds));
        }
        assert_eq!(room.choose_to_end(QUARTER, 2, false, at(40)), [session(3)]);
        assert_eq!(room.choose_to_end(QUARTER, 2, false, at(40)), [], "it was told already");
        assert_eq!(room.next_look(QUARTER), Some(at(20 + 900)));
        assert_eq!(room.choose_to_end(QUARTER, 2, false, at(20 + 900)), [session(4)]);
    }

    #[test]
    fn when_memory_is_wanted_one_idle_process_ends_at_a_time() {
        let mut room = room(1, 3);
        for pid in [1, 2] {
            room.set_process(session(pid), Some(process(pid, false)), at(u64::from(pid)));
        }
        assert_eq!(room.choose_to_end(QUARTER, 9, true, at(5)), [session(1)]);
        assert_eq!(room.choose_to_end(QUARTER, 9, true, at(5)), []);
        room.set_process(session(1), None, at(6));
        assert_eq!(room.choose_to_end(QUARTER, 9, true, at(6)), [session(2)]);
    }

    #[test]
    fn what_nobody_could_go_on_with_is_left_alone() {
        let mut room = room(1, 0);
        room.set_process(session(1), Some(Process { pid: None, is_resumable: false, works: false }), at(0));
        assert_eq!(room.choose_to_end(QUARTER, 0, true, at(100_000)), []);
        assert_eq!(room.next_look(QUARTER), None);
        assert!(room.fits_one_more(true, at(0)), "it does not keep everybody else out");
        assert!(!room.fits_one_more(false, at(0)));
    }
}
