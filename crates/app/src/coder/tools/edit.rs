//! Replaces a piece of a file.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ProjectFolder, ToolError};

pub(super) const DESCRIPTION: &str = "Replaces a piece of text in a file of the project. `old` must be exactly what is there, blanks and line ends included, and must be there once; give more of what is around it if it is there more often, or set `all`.";

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    path: String,
    old: String,
    new: String,
    /// Whether every place is meant.
    #[serde(default)]
    all: bool,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file, relative to the project folder"},
            "old": {"type": "string", "description": "The text that is there"},
            "new": {"type": "string", "description": "The text that shall be there instead"},
            "all": {"type": "boolean", "description": "Replace it in every place"},
        },
        "required": ["path", "old", "new"],
    })
}

pub(super) fn check(input: &Input, project: &ProjectFolder) -> Result<(), ToolError> {
    edited(input, project).map(drop)
}

pub(super) fn run(input: &Input, project: &ProjectFolder) -> Result<String, ToolError> {
    // Looked at again: much may have happened since it was asked for.
    let (text, places) = edited(input, project)?;
    project.replace(&input.path, &text)?;
    Ok(format!("edited `{}` in {places} {}", input.path, if places == 1 { "place" } else { "places" }))
}

/// The text as it would be, and in how many places it differs.
fn edited(input: &Input, project: &ProjectFolder) -> Result<(String, usize), ToolError> {
    let failed = |reason: String| Err(ToolError::Failed(reason));
    if input.old.is_empty() {
        return failed("`old` is empty: use `write` for a new file".to_owned());
    }
    if input.old == input.new {
        return failed("`old` and `new` are the same".to_owned());
    }
    let text = project.text(&input.path)?;
    match text.matches(&input.old).count() {
        0 => failed(format!("`old` is not in `{}`: read it again", input.path)),
        places if places > 1 && !input.all => {
            failed(format!("`old` is in `{}` in {places} places: give more of what is around it", input.path))
        }
        places => Ok((text.replace(&input.old, &input.new), places)),
    }
}
