//! Creates or replaces a file.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Project, ToolError};
use crate::coder::project::failed;

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

pub(super) fn check(input: &Input, project: &Project) -> Result<(), ToolError> {
    project.writable(&input.path)?;
    Ok(())
}

pub(super) fn run(input: &Input, project: &Project) -> Result<String, ToolError> {
    let place = project.writable(&input.path)?;
    let existed = place.exists();
    replace(&place, &input.content).map_err(|cause| failed(&input.path, cause))?;
    let (lines, done) = (input.content.lines().count(), if existed { "replaced" } else { "created" });
    Ok(format!("{done} `{}`: {lines} lines", input.path))
}

/// Writes a file whole or not at all, with the permissions it had.
pub(super) fn replace(place: &Path, content: &str) -> io::Result<()> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{}.{}.draft", name.to_string_lossy(), std::process::id()));
    let written = fs::write(&draft, content).and_then(|()| match fs::metadata(place) {
        Ok(metadata) => fs::set_permissions(&draft, metadata.permissions()),
        Err(_) => Ok(()),
    });
    written.and_then(|()| fs::rename(&draft, place)).inspect_err(|_| {
        // The first error is the one to tell.
        let _nothing_left = fs::remove_file(&draft);
    })
}
