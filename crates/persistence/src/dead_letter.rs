//! What the database refuses, kept where a person can find it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

use chrono::Utc;
use serde::Serialize;
use switchboard_domain::Timestamp;
use switchboard_store::Write;

use crate::private_file;

/// One line of the file.
#[derive(Serialize)]
struct DeadLetter<'a> {
    at: Timestamp,
    reason: &'a str,
    #[serde(flatten)]
    write: &'a Write,
}

/// The line for a write, without its end.
pub(crate) fn line(write: &Write, reason: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&DeadLetter { at: Utc::now().into(), reason, write })
}

/// Appends the line and waits until it is on disk. When that fails, the file is as it was.
pub(crate) fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = private_file::open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let lead = if ends_a_line(&mut file, end)? { "" } else { "\n" };
    let written = file.write_all(format!("{lead}{line}\n").as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        file.set_len(end)?;
        return Err(error);
    }
    path.parent().map_or(Ok(()), private_file::sync_folder)
}

/// A crash may have left half a line; the next one starts afresh.
fn ends_a_line(file: &mut File, end: u64) -> io::Result<bool> {
    if end == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(end - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use switchboard_store::testing::sample;

    use super::*;

    #[test]
    fn lines_pile_up_and_a_torn_one_stays_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dead-letters.jsonl");
        let write = Write::Message(sample::text(1, 1, "two\nlines").into());
        append(&path, &line(&write, "no such session").expect("json")).expect("appended");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the file");
        file.write_all(b"{\"torn").expect("torn");
        append(&path, &line(&write, "again").expect("json")).expect("appended");

        let text = std::fs::read_to_string(&path).expect("read");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines.len(), lines[1]), (3, "{\"torn"));
        for (line, reason) in [(lines[0], "no such session"), (lines[2], "again")] {
            let value: serde_json::Value = serde_json::from_str(line).expect("json");
            assert_eq!((&value["reason"], &value["write"]), (&reason.into(), &"message".into()));
            assert_eq!(serde_json::from_value::<Write>(value).expect("a write"), write);
        }
    }
}
