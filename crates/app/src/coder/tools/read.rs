//! Shows a file.

use serde::Deserialize;
use serde_json::{Value, json};

use super::output::{bounded_line, bounded_lines};
use super::{ProjectFolder, ToolError};

pub(super) const DESCRIPTION: &str = "Reads a text file of the project. Long files come in parts: go on with `offset`.";

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    path: String,
    /// The first line to show, counted from 1.
    #[serde(default)]
    offset: Option<usize>,
    /// The most lines to show.
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file, relative to the project folder"},
            "offset": {"type": "integer", "minimum": 1, "description": "The first line to show, counted from 1"},
            "limit": {"type": "integer", "minimum": 1, "description": "The most lines to show"},
        },
        "required": ["path"],
    })
}

pub(super) fn run(input: &Input, project: &ProjectFolder) -> Result<String, ToolError> {
    let text = project.text(&input.path)?;
    let first = input.offset.unwrap_or(1).max(1);
    let total = text.lines().count();
    if total == 0 {
        return Ok("(the file is empty)".to_owned());
    }
    if first > total {
        return Err(ToolError::Failed(format!("`{}` has {total} lines", input.path)));
    }
    let limit = input.limit.unwrap_or(usize::MAX).min(total + 1 - first);
    let lines = text.lines().skip(first - 1).take(limit).map(bounded_line);
    let rest = |next: usize| format!("({total} lines in all; go on with offset {next})");
    let end = first + limit;
    let note = (end <= total).then(|| rest(end));
    Ok(bounded_lines(lines.chain(note), |shown| rest(first + shown)))
}
