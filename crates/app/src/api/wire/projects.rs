//! Folders that agents work in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Adds the project of a folder; one that is there already is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddProject {
    /// The absolute path of the folder.
    pub path: PathBuf,
}
