//! Every speed that is promised, each next to a baseline of the same run.
//!
//! `cargo xtask bench` runs all groups, `cargo xtask bench NAME…` those whose name has one of the words in it.

mod api;
mod flood;
mod growth;
mod ingest;
mod intents;
mod latency;
mod library;
mod listening;
mod publish;
mod reading;
mod size;
mod spawning;
mod starting;

use std::path::Path;
use std::process::ExitCode;

use switchboard_tests::measure::Report;
use tokio::runtime::Runtime;
use xtask::workspace::root;

/// Measures one group.
type Group = fn(&Runtime, &mut Report);

const GROUPS: &[(&str, Group)] = &[
    ("publish", publish::run),
    ("ingest", ingest::run),
    ("latency", latency::run),
    ("intents", intents::run),
    ("flood", flood::run),
    ("spawning", spawning::run),
    ("reading", reading::run),
    ("api", api::run),
    ("growth", growth::run),
    ("size", size::run),
];

/// Takes minutes and measures the compiler: only when it is named.
const BUILD: (&str, Group) = ("build", size::build_times);

/// Under the root of the repository; what was measured last of each group.
const KEPT_IN: &str = "target/bench";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    // Cargo adds an option of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [starting::HOLD, folder] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        runtime.block_on(starting::hold(Path::new(folder)));
        return ExitCode::SUCCESS;
    }
    let named = |name: &str| words.iter().any(|word| name.contains(word.as_str()));
    let chosen = GROUPS.iter().filter(|(name, _)| words.is_empty() || named(name));
    let mut report = Report::default();
    for (name, group) in chosen.chain([&BUILD].into_iter().filter(|(name, _)| named(name))) {
        report.begin(name);
        group(&runtime, &mut report);
    }
    report.finish(&root().join(KEPT_IN)).expect("the target folder can be written to");
    ExitCode::SUCCESS
}
