//! Which processes are there: the only witness against orphans.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// A word on the command line of every process that one test starts, by whatever detour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

static NEXT_TAG: AtomicU32 = AtomicU32::new(1);

impl Tag {
    /// A word no other test uses, in this process or another.
    #[expect(clippy::new_without_default, reason = "each one is another, which a default must not be")]
    pub fn new() -> Self {
        Self(format!("tag-{}-{}", std::process::id(), NEXT_TAG.fetch_add(1, Ordering::Relaxed)))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The living processes with this tag on their command line. Zombies do not count: they have no command line any more.
///
/// # Panics
/// When there is no `/proc`.
pub fn processes_with(tag: &Tag) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("Linux, with /proc");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| has_argument(*pid, tag.as_str())).collect()
}

fn has_argument(pid: u32, argument: &str) -> bool {
    // A process that ended since the listing has no command line: it does not count.
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command_line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::{Running, eventually};

    #[test]
    fn a_process_is_found_by_its_tag_until_it_is_gone() {
        let tag = Tag::new();
        assert!(processes_with(&tag).is_empty());
        let running = Running::start(Command::new("sh").args(["-c", "sleep 1000; :", tag.as_str()]));
        eventually("the process", || (processes_with(&tag) == [running.pid()]).then_some(()));
        drop(running);
        // A child that was just forked dies a moment after its parent.
        eventually("their end", || processes_with(&tag).is_empty().then_some(()));
    }
}
