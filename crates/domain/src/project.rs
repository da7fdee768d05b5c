//! Folders that agents work in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ProjectId, Timestamp};

/// A folder on disk that agents work in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its identity; stays the same when it is removed and added again.
    pub id: ProjectId,
    /// The absolute path of the folder. No two projects share one.
    pub path: PathBuf,
    /// What people call it; the folder's name unless renamed.
    pub name: String,
    /// When it was first added.
    pub created_at: Timestamp,
    /// When it was removed. Removal is soft: sessions of a removed project keep their history.
    pub deleted_at: Option<Timestamp>,
}
