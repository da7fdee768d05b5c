//! Which processes belong to an agent: the rule, as a pure function of a census.

use std::collections::{HashMap, HashSet};

use super::census::Process;
use super::quarry::Marks;

/// A process beyond doubt: its id and when it started.
pub(super) type Identity = (u32, u64);

/// What is known about an agent's processes before looking.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// The agent's own process, which also names its group.
    pub(super) root: Identity,
    /// Whether the root was our own child until now, so that its group cannot be somebody else's.
    pub(super) root_is_ours: bool,
    pub(super) marks: &'a Marks,
    /// Members seen before.
    pub(super) seen: &'a HashSet<Identity>,
    /// Ourselves.
    pub(super) own_pid: u32,
}

/// The members in `census`, zombies included, as indices.
pub(super) fn members(census: &[Process], known: &Known<'_>) -> Vec<usize> {
    let spared = ourselves_and_above(census, known.own_pid);
    let may_belong = |process: &Process| process.started >= known.root.1 && !spared.contains(&process.pid);
    let group_is_ours = group_is_ours(census, known);
    let mut found = HashSet::new();
    let mut unvisited: Vec<usize> = Vec::new();
    for (index, process) in census.iter().enumerate() {
        let identity = (process.pid, process.started);
        let belongs = (known.root_is_ours && identity == known.root)
            || known.seen.contains(&identity)
            || (group_is_ours && process.group == known.root.0)
            || (may_belong(process) && known.marks.are_on(process));
        if belongs && may_belong(process) && found.insert(index) {
            unvisited.push(index);
        }
    }
    let children = children(census);
    while let Some(parent) = unvisited.pop() {
        for &child in children.get(&census[parent].pid).into_iter().flatten() {
            if may_belong(&census[child]) && found.insert(child) {
                unvisited.push(child);
            }
        }
    }
    found.into_iter().collect()
}

/// A group id outlives its leader, and a new process may get the old one's id once the group is empty.
fn group_is_ours(census: &[Process], known: &Known<'_>) -> bool {
    let (leader, started) = known.root;
    match census.iter().find(|process| process.pid == leader) {
        Some(process) => process.started == started && (known.root_is_ours || known.marks.are_on(process)),
        None => {
            known.root_is_ours
                || census
                    .iter()
                    .any(|process| process.group == leader && process.started >= started && known.marks.are_on(process))
        }
    }
}

/// We may run inside an agent ourselves; nobody saws off the branch that he sits on.
fn ourselves_and_above(census: &[Process], own_pid: u32) -> HashSet<u32> {
    let parents: HashMap<u32, u32> = census.iter().map(|process| (process.pid, process.parent)).collect();
    let mut spared = HashSet::from([0, 1]);
    let mut next = Some(own_pid);
    while let Some(pid) = next.filter(|&pid| spared.insert(pid)) {
        next = parents.get(&pid).copied();
    }
    spared
}

fn children(census: &[Process]) -> HashMap<u32, Vec<usize>> {
    let mut children: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, process) in census.iter().enumerate() {
        children.entry(process.parent).or_default().push(index);
    }
    children
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MARK: &str = "COOKIE=1";
    const US: u32 = 50;
    const ROOT: Identity = (100, 1000);

    fn process(pid: u32, parent: u32, group: u32, started: u64) -> Process {
        Process::imagined(pid, parent, group, started, b"")
    }

    fn marked(pid: u32, parent: u32, group: u32, started: u64) -> Process {
        Process::imagined(pid, parent, group, started, b"A=B\0COOKIE=1\0")
    }

    fn world(others: impl IntoIterator<Item = Process>) -> Vec<Process> {
        let mut world = vec![process(1, 0, 1, 0), process(40, 1, 40, 10), process(US, 40, 40, 20)];
        world.extend(others);
        world
    }

    #[track_caller]
    fn check(others: Vec<Process>, root_is_ours: bool, seen: &[Identity], expected: &[u32]) {
        let census = world(others);
        let marks = Marks::variable(MARK);
        let seen = seen.iter().copied().collect();
        let known = Known { root: ROOT, root_is_ours, marks: &marks, seen: &seen, own_pid: US };
        let mut found: Vec<u32> = members(&census, &known).into_iter().map(|index| census[index].pid).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::the_agent_itself(vec![process(100, US, 100, 1000)], &[100])]
    #[case::its_group(vec![process(100, US, 100, 1000), process(101, 100, 100, 1001)], &[100, 101])]
    #[case::the_group_of_a_dead_leader(vec![process(101, 1, 100, 1001)], &[101])]
    #[case::a_descendant_in_its_own_session(vec![process(100, US, 100, 1000), process(101, 100, 101, 1001),
        process(102, 101, 102, 1002)], &[100, 101, 102])]
    #[case::an_orphan_with_the_mark(vec![marked(102, 1, 102, 1002)], &[102])]
    #[case::the_child_of_such_an_orphan(vec![marked(102, 1, 102, 1002), process(103, 102, 103, 1003)], &[102, 103])]
    #[case::a_stranger(vec![process(102, 1, 102, 1002)], &[])]
    #[case::a_reused_group(vec![process(100, US, 100, 2000), process(101, 100, 100, 2001)], &[])]
    fn what_belongs_to_a_living_agent(#[case] others: Vec<Process>, #[case] expected: &[u32]) {
        check(others, true, &[], expected);
    }

    #[rstest]
    #[case::the_worker_we_recorded(vec![marked(100, 1, 100, 1000)], &[100])]
    #[case::its_unmarked_group(vec![marked(100, 1, 100, 1000), process(101, 100, 100, 1001)], &[100, 101])]
    #[case::its_group_without_it(vec![marked(101, 1, 100, 1001), process(102, 1, 100, 1002)], &[101, 102])]
    #[case::the_same_numbers_after_a_reboot(vec![process(100, 1, 100, 1000)], &[])]
    #[case::a_reused_id(vec![process(100, 1, 100, 3000), process(101, 100, 100, 3001)], &[])]
    #[case::a_group_without_any_mark(vec![process(101, 1, 100, 1001)], &[])]
    fn what_belongs_to_one_of_an_earlier_run(#[case] others: Vec<Process>, #[case] expected: &[u32]) {
        check(others, false, &[], expected);
    }

    #[test]
    fn we_never_hunt_ourselves_or_whoever_runs_us() {
        let census = [marked(1, 0, 1, 0), marked(40, 1, 40, 1001), marked(US, 40, 40, 1002), marked(60, US, 60, 1003)];
        let known =
            Known { root: ROOT, root_is_ours: true, marks: &Marks::variable(MARK), seen: &HashSet::new(), own_pid: US };
        let found: Vec<u32> = members(&census, &known).into_iter().map(|index| census[index].pid).collect();
        assert_eq!(found, [60]);
    }

    #[test]
    fn who_was_seen_to_belong_still_does_but_not_another_with_its_id() {
        check(vec![process(102, 1, 102, 1002)], true, &[(102, 1002)], &[102]);
        check(vec![process(102, 1, 102, 1005)], true, &[(102, 1002)], &[]);
    }
}
