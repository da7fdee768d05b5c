//! `switchboard doctor`

use std::fs;
use std::path::Path;

use serde::Serialize;
use switchboard_domain::{Delivery, SessionStatus};
use switchboard_persistence::{DataFolder, Owner, SqliteReader};
use switchboard_store::Persistence;

use super::args::DoctorArgs;
use super::{ExitCode, Failure, Output, Setup, agents};
use crate::terminal::{Style, single_line, size};

/// A write-ahead log larger than this was not brought into the database for a long time.
const LOG_BYTES_FINE: u64 = 64 << 20;

/// What was found out about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    verdict: Verdict,
    details: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Good,
    /// Worth a look.
    Notable,
    /// Broken.
    Bad,
}

pub(super) async fn run(args: DoctorArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut findings = vec![configuration(setup), folder(setup.folders.data())];
    findings.push(owner(setup));
    findings.extend(database(setup).await);
    findings.push(dead_letters(&setup.folders.data().join("dead-letters.jsonl")));
    findings.extend(agent_programs(setup));
    if args.json.json {
        output.json(&findings)?;
    } else {
        for finding in &findings {
            output.line(&line(finding))?;
        }
    }
    let is_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    Ok(if is_bad { ExitCode::Failure } else { ExitCode::Ok })
}

fn line(finding: &Finding) -> String {
    let mark = match finding.verdict {
        Verdict::Good => Style::GOOD.paint("✔"),
        Verdict::Notable => Style::ATTENTION.paint("!"),
        Verdict::Bad => Style::BAD.paint("✘"),
    };
    format!("{mark} {:<14} {}", finding.what, single_line(&finding.details))
}

fn finding(what: &'static str, verdict: Verdict, details: impl Into<String>) -> Finding {
    Finding { what, verdict, details: details.into() }
}

fn configuration(setup: &Setup) -> Finding {
    let file = setup.folders.config_file();
    let there = if file.exists() { "" } else { " (not there, which is fine)" };
    finding("configuration", Verdict::Good, format!("{}{there}", file.display()))
}

fn folder(data: &Path) -> Finding {
    let what = "data folder";
    let Ok(metadata) = fs::metadata(data) else {
        return finding(what, Verdict::Good, format!("{} (made when it is needed)", data.display()));
    };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        let details = format!("{} can be looked into by others: chmod 700 closes it", data.display());
        return finding(what, Verdict::Notable, details);
    }
    if !metadata.is_dir() {
        return finding(what, Verdict::Bad, format!("{} is a file", data.display()));
    }
    finding(what, Verdict::Good, data.display().to_string())
}

fn owner(setup: &Setup) -> Finding {
    match DataFolder::owner(setup.folders.data()) {
        Ok(Owner::Nobody) => finding("owner", Verdict::Good, "nobody runs agents here right now"),
        Ok(Owner::Process(Some(holder))) => finding("owner", Verdict::Good, holder.to_string()),
        Ok(Owner::Process(None)) => finding("owner", Verdict::Notable, "a process that does not say who it is"),
        Err(error) => finding("owner", Verdict::Bad, error.to_string()),
    }
}

async fn database(setup: &Setup) -> Vec<Finding> {
    let what = "database";
    let reader = match SqliteReader::open(setup.folders.data()).await {
        Ok(Some(reader)) => reader,
        Ok(None) => return vec![finding(what, Verdict::Good, "none yet: the first session makes it")],
        Err(error) => return vec![finding(what, Verdict::Bad, error.to_string())],
    };
    let mut findings = Vec::new();
    match reader.stats().await {
        Ok(stats) => {
            let counts = format!(
                "{}, {} projects, {} sessions, {} messages",
                size(stats.database_bytes),
                stats.projects,
                stats.sessions,
                stats.messages
            );
            findings.push(finding(what, Verdict::Good, counts));
            let verdict = if stats.log_bytes > LOG_BYTES_FINE { Verdict::Notable } else { Verdict::Good };
            findings.push(finding(
                "log",
                verdict,
                format!("{} not yet brought into the database", size(stats.log_bytes)),
            ));
            findings.push(finding("search", Verdict::Good, format!("{} messages not yet indexed", stats.search_lag)));
        }
        Err(error) => findings.push(finding(what, Verdict::Bad, error.to_string())),
    }
    findings.push(integrity(&reader).await);
    findings.extend(leftovers(&reader, setup).await);
    if let Err(error) = reader.close().await {
        findings.push(finding(what, Verdict::Notable, format!("it could not be closed: {error}")));
    }
    findings
}

async fn integrity(reader: &SqliteReader) -> Finding {
    match reader.integrity_check().await {
        Ok(problems) if problems.is_empty() => finding("integrity", Verdict::Good, "the whole database can be read"),
        Ok(problems) => finding("integrity", Verdict::Bad, problems.join("; ")),
        Err(error) => finding("integrity", Verdict::Bad, error.to_string()),
    }
}

/// What a run that was killed left behind.
async fn leftovers(reader: &SqliteReader, setup: &Setup) -> Vec<Finding> {
    let what = "leftovers";
    let (sessions, queue) = match (reader.sessions().await, reader.queue().await) {
        (Ok(sessions), Ok(queue)) => (sessions, queue),
        (Err(error), _) | (_, Err(error)) => return vec![finding(what, Verdict::Bad, error.to_string())],
    };
    let mut findings = Vec::new();
    let running = sessions.iter().filter(|it| it.session.status() == SessionStatus::Running).count();
    let is_owned = !matches!(DataFolder::owner(setup.folders.data()), Ok(Owner::Nobody));
    if running > 0 && !is_owned {
        let details = format!("{running} sessions were cut off; the next run ends what is left of their agents");
        findings.push(finding(what, Verdict::Notable, details));
    }
    let unknown = queue.iter().filter(|message| message.delivery == Delivery::Unknown).count();
    if unknown > 0 {
        let details =
            format!("{unknown} queued messages may have been sent or not: `switchboard queue SESSION` shows them");
        findings.push(finding(what, Verdict::Notable, details));
    }
    if findings.is_empty() {
        findings.push(finding(what, Verdict::Good, "none"));
    }
    findings
}

fn dead_letters(file: &Path) -> Finding {
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => {
            let details =
                format!("{} changes that the database refused are in {}", text.lines().count(), file.display());
            finding("set aside", Verdict::Notable, details)
        }
        _ => finding("set aside", Verdict::Good, "nothing"),
    }
}

fn agent_programs(setup: &Setup) -> impl Iterator<Item = Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let agents = agents::survey(&setup.config, &path).into_iter();
    agents.filter(|agent| agent.state != agents::State::NotInstalled).map(|agent| {
        if let Some(program) = agent.program {
            return finding("agent", Verdict::Good, format!("{}: {}", agent.name, program.display()));
        }
        let command = agent.command.first().cloned().unwrap_or_default();
        finding("agent", Verdict::Notable, format!("{}: the program {command} was not found", agent.name))
    })
}
