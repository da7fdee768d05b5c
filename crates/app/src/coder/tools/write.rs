//! Creates or replaces a file.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ProjectFolder, ToolError};

pub(super) const DESCRIPTION: &str = "Creates a file of the project, or replaces all of it. The folders on the way are created. To change a part of a file, use `edit`.";

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    path: String,
    content: String,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file, relative to the project folder"},
            "content": {"type": "string", "description": "All that shall be in it"},
        },
        "required": ["path", "content"],
    })
}

pub(super) fn check(input: &Input, project: &ProjectFolder) -> Result<(), ToolError> {
    project.writable(&input.path)?;
    Ok(())
}

pub(super) fn run(input: &Input, project: &ProjectFolder) -> Result<String, ToolError> {
    let existed = project.replace(&input.path, &input.content)?;
    let (lines, done) = (input.content.lines().count(), if existed { "replaced" } else { "created" });
    Ok(format!("{done} `{}`: {lines} lines", input.path))
}
