//! How much memory agents use.
//!
//! Format: `proc_pid_status(5)`.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use super::census::{self, Process};

/// Steps from a process to its ancestors: deeper trees exist only to confuse.
const ANCESTORS_MAX: usize = 64;

/// Resident memory, in bytes, of each of these process groups and of all their processes' descendants,
/// wherever those have gone. Pages that processes share are counted for each. A group that is not there uses
/// nothing, and where there is no `/proc` the answer is empty. Reads files: not for an async task.
pub fn resident_bytes(groups: &[u32]) -> BTreeMap<u32, u64> {
    let census = census::take();
    let by_pid: HashMap<u32, &Process> = census.iter().map(|process| (process.pid, process)).collect();
    let mut bytes = BTreeMap::new();
    for process in census.iter() {
        if let Some(group) = owner(process, groups, &by_pid) {
            let sum: &mut u64 = bytes.entry(group).or_default();
            *sum = sum.saturating_add(resident(process.pid));
        }
    }
    bytes
}

fn owner(process: &Process, groups: &[u32], by_pid: &HashMap<u32, &Process>) -> Option<u32> {
    let ancestry = std::iter::successors(Some(process), |child| by_pid.get(&child.parent).copied());
    ancestry.take(ANCESTORS_MAX).map(|ancestor| ancestor.group).find(|group| groups.contains(group))
}

fn resident(pid: u32) -> u64 {
    // One that has ended uses nothing any more.
    fs::read_to_string(format!("/proc/{pid}/status")).map_or(0, |status| parse_resident(&status))
}

fn parse_resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
    kib.saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_read_and_a_process_without_one_has_none() {
        assert_eq!(parse_resident("Name:\tVmRSS: 1 kB\nVmRSS:\t    2048 kB\nVmData:\t 4 kB\n"), 2 << 20);
        assert_eq!(parse_resident("Name:\tkthreadd\n"), 0);
    }

    #[test]
    fn a_child_that_left_the_group_is_its_ancestors() {
        let [agent, child, stranger] = [(10, 1, 10), (11, 10, 11), (12, 1, 12)]
            .map(|(pid, parent, group)| Process::imagined(pid, parent, group, 0, b""));
        let by_pid = HashMap::from([(10, &agent), (11, &child), (12, &stranger)]);
        assert_eq!(owner(&child, &[10], &by_pid), Some(10));
        assert_eq!(owner(&agent, &[10], &by_pid), Some(10));
        assert_eq!(owner(&stranger, &[10], &by_pid), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn our_own_memory_is_measured() {
        let us = census::own_pid();
        let group = census::take().iter().find(|process| process.pid == us).expect("ourselves").group;
        assert!(resident_bytes(&[group])[&group] > 1 << 20, "a test program has more than a mebibyte");
    }
}
