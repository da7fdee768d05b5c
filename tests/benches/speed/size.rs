//! How large the program is and what it is built of, so that a jump is seen.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use switchboard_tests::measure::{Figure, Goal, Report, timed};
use tokio::runtime::Runtime;
use xtask::workspace::{cargo_output, cargo_program, root};

/// What a person waits for after an edit of the lowest crate touches this.
const LOWEST: &str = "crates/domain/src/lib.rs";

/// The crates that the program is made of, and its size.
pub(crate) fn run(_: &Runtime, report: &mut Report) {
    let tree = ["tree", "--package", "switchboard", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = cargo_output(root(), &tree).expect("cargo knows what is needed");
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    let count = u64::try_from(crates.len()).expect("small");
    report.add(&Figure::pieces("crates in the program", count), None, Goal::None);
    let folder = root().join("target");
    build(&folder, &["--release"]);
    let bytes = std::fs::metadata(folder.join("release/switchboard")).expect("it was built").len();
    let megabytes = f64::from(u32::try_from(bytes / 1_024).expect("less than a terabyte")) / 1_024.0;
    report.add(&Figure::megabytes("the program, release build", megabytes), None, Goal::None);
}

/// Building all of it, and building it again after an edit; takes minutes.
pub(crate) fn build_times(_: &Runtime, report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let cold = build(folder.path(), &[]);
    report.add(&Figure::time("debug build, nothing there", cold), None, Goal::None);
    let edited = std::fs::File::options().append(true).open(root().join(LOWEST)).expect("it is there");
    edited.set_modified(std::time::SystemTime::now()).expect("it is ours");
    let warm = build(folder.path(), &[]);
    report.add(&Figure::time("debug build after an edit of the lowest crate", warm), None, Goal::None);
}

fn build(target: &Path, options: &[&str]) -> Duration {
    let mut cargo = Command::new(cargo_program());
    cargo.args(["build", "--quiet", "--package", "switchboard", "--target-dir"]).arg(target).args(options);
    let (status, took) = timed(|| cargo.current_dir(root()).status().expect("cargo can be run"));
    assert!(status.success(), "it can be built");
    took
}
