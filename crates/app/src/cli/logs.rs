//! `switchboard logs`: what the daemon wrote down.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::archive::Archive;
use super::args::LogsArgs;
use super::{ExitCode, Failure, Output, Setup};
use crate::daemon::Place;
use crate::terminal::{Style, single_line};

/// The newest file, and those that were rolled, newest first.
const FILES: [&str; 5] = ["daemon.log", "daemon.1.log", "daemon.2.log", "daemon.3.log", "daemon.4.log"];

/// Lines shown unless told otherwise.
const LINES_SHOWN: usize = 100;

/// How often it is looked for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The longest line that is shown; what is longer was not written by us.
const LINE_BYTES_MAX: usize = 1 << 20;

/// `switchboard logs`
pub(super) async fn run(args: &LogsArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let session = match &args.session {
        None => None,
        Some(name) => {
            let archive = Archive::open(setup).await?;
            let id = archive.catalog().await?.find(name)?.session.id;
            archive.close(output).await?;
            Some(id.to_string())
        }
    };
    let folder = Place::of(setup.folders.data()).logs();
    let is_wanted = |line: &str| session.as_deref().is_none_or(|session| line.contains(session));
    let lines = older(&folder)?.into_iter().filter(|line| is_wanted(line)).collect::<Vec<_>>();
    let limit = args.limit.map_or(LINES_SHOWN, |limit| usize::try_from(limit.get()).unwrap_or(usize::MAX));
    if lines.is_empty() && !args.follow {
        output.remark("no daemon has written anything here yet");
    }
    for line in &lines[lines.len().saturating_sub(limit)..] {
        show(line, args, output)?;
    }
    if args.follow {
        follow(&folder.join(FILES[0]), &is_wanted, args, output).await?;
    }
    Ok(ExitCode::Ok)
}

/// All lines there are, oldest first.
fn older(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for name in FILES.iter().rev() {
        match File::open(folder.join(name)) {
            Ok(file) => lines.extend(BufReader::new(file).lines().map_while(Result::ok)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&folder.join(name), &error)),
        }
    }
    Ok(lines)
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::new(ExitCode::Failure, format!("cannot read {}: {error}", file.display()))
}

/// A log that is read as it grows, and found again when another file has its name.
struct Tail {
    path: PathBuf,
    open: Option<(BufReader<File>, u64)>,
    line: Vec<u8>,
}

impl Tail {
    /// The next whole line, if there is one already.
    fn next(&mut self) -> io::Result<Option<String>> {
        if self.open.is_none() {
            let Ok(file) = File::open(&self.path) else { return Ok(None) };
            let inode = file.metadata()?.ino();
            self.open = Some((BufReader::new(file), inode));
        }
        let Some((reader, inode)) = &mut self.open else { return Ok(None) };
        let count = reader.read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') || self.line.len() > LINE_BYTES_MAX {
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim_end().to_owned();
            return Ok(Some(line));
        }
        if count == 0 && std::fs::metadata(&self.path).map_or(true, |now| now.ino() != *inode) {
            // It was rolled, and this one was read to its end.
            self.open = None;
        }
        Ok(None)
    }
}

async fn follow(
    path: &Path,
    is_wanted: &impl Fn(&str) -> bool,
    args: &LogsArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut tail = Tail { path: path.to_owned(), open: None, line: Vec::new() };
    if let Ok(mut file) = File::open(path) {
        file.seek(SeekFrom::End(0)).map_err(|error| unreadable(path, &error))?;
        let inode = file.metadata().map_err(|error| unreadable(path, &error))?.ino();
        tail.open = Some((BufReader::new(file), inode));
    }
    loop {
        while let Some(line) = tail.next().map_err(|error| unreadable(path, &error))? {
            if is_wanted(&line) {
                show(&line, args, output)?;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn show(line: &str, args: &LogsArgs, output: &mut Output) -> Result<(), Failure> {
    match serde_json::from_str::<Value>(line) {
        Ok(value) if args.json.json => output.json_line(&value),
        Ok(value) => output.text(&(readable(&value) + "\n")),
        Err(_) if args.json.json => Ok(()),
        Err(_) => output.text(&(single_line(line) + "\n")),
    }
}

/// What a line of the log says first, or not at all, to a person.
const NOT_AMONG_THE_REST: [&str; 4] = ["timestamp", "level", "message", "target"];

/// A line of the log for a person: time, level, what happened, and the rest.
fn readable(line: &Value) -> String {
    let text = |name: &str| line.get(name).and_then(Value::as_str).map(single_line).unwrap_or_default();
    let level = text("level");
    let style = match level.as_str() {
        "ERROR" => Style::BAD,
        "WARN" => Style::ATTENTION,
        _ => Style::DIM,
    };
    let fields = line.as_object().into_iter().flatten();
    let rest = fields.filter(|(name, _)| !NOT_AMONG_THE_REST.contains(&name.as_str())).map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Style::DIM.paint(&single_line(&format!("{name}={value}")))
    });
    let head = [Style::DIM.paint(&text("timestamp")), style.paint(&format!("{level:<5}")), text("message")];
    head.into_iter().chain(rest).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_reads_as_a_sentence_and_hides_nothing_harmful() {
        let line = json!({
            "timestamp": "2026-11-23T17:00:00.000000Z", "level": "WARN",
            "message": "it took \u{1b}[2Jlong", "session": "099a8057", "seconds": 3, "target": "switchboard",
        });
        let shown = anstream::adapter::strip_str(&readable(&line)).to_string();
        assert_eq!(shown, "2026-11-23T17:00:00.000000Z WARN  it took long session=099a8057 seconds=3");
    }

    #[test]
    fn a_log_is_followed_over_the_edge_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("daemon.log");
        let write = |text: &str| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            file.expect("opened").write_all(text.as_bytes()).expect("written");
        };
        let mut tail = Tail { path: path.clone(), open: None, line: Vec::new() };
        let mut next = || tail.next().expect("read");
        assert_eq!(next(), None);
        write("one\ntw");
        assert_eq!((next().as_deref(), next()), (Some("one"), None), "half a line is none");
        write("o\n");
        assert_eq!(next().as_deref(), Some("two"));
        write("last words\n");
        std::fs::rename(&path, folder.path().join("daemon.1.log")).expect("rolled");
        write("three\n");
        assert_eq!(next().as_deref(), Some("last words"));
        assert_eq!((next(), next().as_deref()), (None, Some("three")));
    }
}
