//! Starting with what is there, and the memory that takes.
//!
//! Baseline: rusqlite, which reads the rows of all sessions and does nothing with them.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use switchboard_baselines::whole_table;
use switchboard_store::Store;
use switchboard_tests::measure::{Figure, Goal, Growth, Report, Samples};
use switchboard_tests::workload;
use tokio::runtime::Runtime;

use crate::library::Library;

/// Starts, of which the middle one counts.
const ROUNDS: usize = 9;
/// Said on the command line to a copy of this program that only opens a database and waits.
pub(crate) const HOLD: &str = "--hold";

/// Starts with each of `libraries`, which grow; the last is the one that promises are about.
pub(crate) fn run(runtime: &Runtime, libraries: &[Library], report: &mut Report) {
    let amounts: Vec<u64> = libraries.iter().map(|library| library.sessions).collect();
    let mut left = libraries.iter();
    let growth = Growth::of(&amounts, |_| start(runtime, left.next().expect("one for each amount"), report));
    report.add(&growth.figure("start, as sessions grow tenfold and more"), None, Goal::Exponent(1.1));

    let empty = tempfile::tempdir().expect("a folder");
    let idle = memory(empty.path());
    report.add(&Figure::megabytes("memory, idle", idle), None, Goal::Megabytes(30.0));
    for library in libraries {
        let name = format!("memory, {} sessions more", library.sessions);
        report.add(&Figure::megabytes(name, memory(library.folder()) - idle), None, Goal::Megabytes(40.0));
    }
}

fn start(runtime: &Runtime, library: &Library, report: &mut Report) -> Duration {
    let sessions = usize::try_from(library.sessions).expect("small");
    let plain = Samples::of(ROUNDS, || {
        let connection = rusqlite::Connection::open(library.file()).expect("a database");
        assert_eq!(whole_table(&connection, "agent_sessions", "prompt"), sessions);
    });
    let started: Samples = (0..ROUNDS)
        .map(|_| {
            let began = std::time::Instant::now();
            let store = runtime.block_on(open(library.folder()));
            let took = began.elapsed();
            assert_eq!(store.read(|state| state.sessions().count()), sessions);
            runtime.block_on(workload::close(store));
            took
        })
        .collect();
    let name = format!("open and hydrate {} sessions, {} messages", library.sessions, library.messages());
    let plain = Figure::time("rusqlite, all sessions", plain.median());
    let goal = Goal::Within(Duration::from_millis(150));
    report.add(&Figure::time(name, started.median()), Some(&plain), goal);
    started.median()
}

async fn open(folder: &Path) -> Store {
    let store = workload::open(folder).await;
    store.hydrate().await.expect("it reads");
    store
}

/// Opens a database as the program does, says that it is ready, and waits to be killed.
pub(crate) async fn hold(folder: &Path) {
    let _store = open(folder).await;
    std::fs::write(folder.join("ready"), "").expect("written");
    std::future::pending::<()>().await;
}

/// Megabytes that a process holds which has opened the database in `folder`.
fn memory(folder: &Path) -> f64 {
    let program = std::env::current_exe().expect("this program has a path");
    let running = switchboard_tests::Running::start(Command::new(program).arg(HOLD).arg(folder));
    switchboard_tests::eventually("it to be ready", || folder.join("ready").exists().then_some(()));
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1_024.0
}
