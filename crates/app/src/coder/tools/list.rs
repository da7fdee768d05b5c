//! Shows what is in a folder.

use ignore::WalkBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::output::bounded_lines;
use super::{ProjectFolder, ToolError};

pub(super) const DESCRIPTION: &str =
    "Lists the files and folders in a folder of the project. What git ignores is left out.";

/// Enough to see how a project is made; a model that wants more goes deeper where it matters.
const DEPTH_DEFAULT: usize = 2;

/// Deeper than this is a search.
const DEPTH_MAX: usize = 8;

/// The most entries that are shown.
const ENTRIES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    depth: Option<usize>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The folder, relative to the project folder; that itself if left out"},
            "depth": {"type": "integer", "minimum": 1, "maximum": DEPTH_MAX, "description": "How many levels to show; 2 if left out"},
        },
    })
}

pub(super) fn run(input: &Input, project: &ProjectFolder) -> Result<String, ToolError> {
    let folder = project.existing(input.path.as_deref().unwrap_or("."))?;
    let depth = input.depth.unwrap_or(DEPTH_DEFAULT).clamp(1, DEPTH_MAX);
    let mut walk = walk(&folder);
    walk.max_depth(Some(depth)).sort_by_file_name(std::ffi::OsStr::cmp);
    let entries = walk.build().filter_map(Result::ok).filter(|entry| entry.depth() > 0);
    let mut lines: Vec<String> = entries
        .take(ENTRIES_MAX + 1)
        .map(|entry| {
            let end = if entry.file_type().is_some_and(|kind| kind.is_dir()) { "/" } else { "" };
            format!("{}{end}", project.shown(entry.path()))
        })
        .collect();
    if lines.is_empty() {
        return Ok("(the folder is empty)".to_owned());
    }
    if lines.len() > ENTRIES_MAX {
        lines.truncate(ENTRIES_MAX);
        lines.push(format!("(more than {ENTRIES_MAX} entries: list a folder of these)"));
    }
    Ok(bounded_lines(lines, |shown| format!("(cut here after {shown} entries: list a folder of these)")))
}

/// Walks through `folder` as git sees it, and never through a symbolic link.
pub(super) fn walk(folder: &std::path::Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    // Hidden files matter in a project; git's own do not.
    walk.hidden(false).require_git(false).follow_links(false).filter_entry(|entry| entry.file_name() != ".git");
    walk
}
