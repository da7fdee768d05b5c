//! `cargo xtask prove`: does bad things to the product for as long as it is told, and says what came of it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;
use switchboard_tests::prove::{Effort, Length, PARTS, Part, Summary, json, table};

/// Proves the promises, part by part.
#[derive(Parser)]
#[command(name = "cargo xtask prove", bin_name = "cargo xtask prove")]
struct Arguments {
    /// What fits into every change: a few minutes (the default)
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// What a machine does over night
    #[arg(long)]
    full: bool,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many runs of each part instead of the usual number
    #[arg(long)]
    runs: Option<u64>,
    /// Only these parts
    #[arg(long = "only", value_name = "PART", value_parser = part_named)]
    only: Vec<Part>,
}

fn part_named(name: &str) -> Result<Part, String> {
    let names = || PARTS.map(|part| format!("{} ({})", part.name, part.about)).join(", ");
    PARTS.into_iter().find(|part| part.name == name).ok_or_else(|| format!("there are: {}", names()))
}

fn main() -> ExitCode {
    let Arguments { full, seed, runs, only, .. } = Arguments::parse();
    let length = if full { Length::Full } else { Length::Quick };
    let threads = available_parallelism().map_or(1, usize::from);
    let effort = Effort { length, seed, runs, threads };
    let parts = if only.is_empty() { PARTS.to_vec() } else { only };
    let mut summaries = Vec::new();
    for part in parts {
        say(&format!("proving: {} ({})", part.name, part.about));
        let summary = part.prove(&effort);
        say(&format!("  {} runs in {:.1} s", summary.outcome.runs, summary.seconds));
        summaries.push(summary);
    }
    say(&format!("\n{}", table(&summaries)));
    let report = report_path();
    match fs::write(&report, format!("{:#}\n", json(&summaries))) {
        Ok(()) => say(&format!("report: {}", report.display())),
        Err(error) => say(&format!("the report cannot be written to {}: {error}", report.display())),
    }
    if summaries.iter().any(Summary::is_red) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// In cargo's folder, next to the folder of this program.
fn report_path() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).unwrap_or(Path::new(".")).join("prove.json")
}

fn say(text: &str) {
    // Whoever reads it may have gone; the exit code tells the rest.
    let _ = writeln!(io::stdout(), "{text}");
}
