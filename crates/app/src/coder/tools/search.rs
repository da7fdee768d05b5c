//! Finds text in files.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::overrides::OverrideBuilder;
use ignore::{Walk, WalkBuilder};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::output::{bounded_line, bounded_lines};
use super::{ProjectFolder, ToolError, aside, list};

pub(super) const DESCRIPTION: &str = "Searches the project's files for lines that match a regular expression. What git ignores, and what is not text, is left out.";

/// Enough to go on with; who finds more should look for something else.
const MATCHES_MAX: usize = 200;

/// Larger files are data.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A pattern may not take more memory than this when compiled.
const PATTERN_BYTES_MAX: usize = 1 << 20;

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pattern: String,
    #[serde(default)]
    path: Option<String>,
    /// Which files, as in a gitignore.
    #[serde(default)]
    glob: Option<String>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "A regular expression, in the syntax of Rust's regex crate; (?i) ignores case"},
            "path": {"type": "string", "description": "The file or folder to search, relative to the project folder; all of it if left out"},
            "glob": {"type": "string", "description": "Only files like this, such as *.rs"},
        },
        "required": ["pattern"],
    })
}

/// Cancellation-safe: the thread that searches stops with the next file.
pub(super) async fn run(input: Input, project: ProjectFolder) -> Result<String, ToolError> {
    let stop = StopOnDrop::default();
    let is_stopped = Arc::clone(&stop.0);
    aside(move || search(&input, &project, &is_stopped)).await
}

/// Tells the thread that searches when nobody waits for it any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn search(input: &Input, project: &ProjectFolder, is_stopped: &AtomicBool) -> Result<String, ToolError> {
    let pattern = RegexBuilder::new(&input.pattern).size_limit(PATTERN_BYTES_MAX).build();
    let pattern = pattern.map_err(|error| ToolError::Input(format!("`pattern`: {error}")))?;
    let folder = project.existing(input.path.as_deref().unwrap_or("."))?;
    let mut found = Vec::new();
    for entry in files(&folder, input.glob.as_deref())?.filter_map(Result::ok) {
        if is_stopped.load(Ordering::Relaxed) || found.len() > MATCHES_MAX {
            break;
        }
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            search_file(entry.path(), &project.shown(entry.path()), &pattern, &mut found);
        }
    }
    if found.is_empty() {
        return Ok("(nothing found)".to_owned());
    }
    if found.len() > MATCHES_MAX {
        found.truncate(MATCHES_MAX);
        found.push(format!("(more than {MATCHES_MAX} matches: search for something rarer)"));
    }
    Ok(bounded_lines(found, |shown| format!("(cut here after {shown} matches: search for something rarer)")))
}

fn files(folder: &Path, glob: Option<&str>) -> Result<Walk, ToolError> {
    let mut walk: WalkBuilder = list::walk(folder);
    walk.max_filesize(Some(FILE_BYTES_MAX)).sort_by_file_name(std::ffi::OsStr::cmp);
    if let Some(glob) = glob {
        let mut globs = OverrideBuilder::new(folder);
        let globs = globs.add(glob).and_then(|globs| globs.build());
        walk.overrides(globs.map_err(|error| ToolError::Input(format!("`glob`: {error}")))?);
    }
    Ok(walk.build())
}

/// Adds the lines of a file that match. A file that cannot be read, or is no text, has none.
fn search_file(place: &Path, shown: &str, pattern: &Regex, found: &mut Vec<String>) {
    let Some(text) = fs::read(place).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else { return };
    if text.contains('\0') {
        return;
    }
    let matching = text.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
    let room = (MATCHES_MAX + 1).saturating_sub(found.len());
    found.extend(matching.take(room).map(|(index, line)| format!("{shown}:{}: {}", index + 1, bounded_line(line))));
}
