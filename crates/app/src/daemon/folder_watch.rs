//! Noticing that the data folder was taken away.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A folder as it was, to tell whether it is still there.
#[derive(Clone, Debug)]
pub(crate) struct FolderWatch {
    path: PathBuf,
    seen: Option<(u64, u64)>,
}

impl FolderWatch {
    /// Remembers the folder at `path`.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: identity(path) }
    }

    /// Whether the folder is no longer there: removed, moved, or another one has its name.
    ///
    /// Nobody would find what is written to it then, and a new daemon may have begun in its place.
    pub(crate) fn is_gone(&self) -> bool {
        identity(&self.path) != self.seen
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_a_moved_and_a_replaced_folder_are_gone() {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().join("data");
        fs::create_dir(&path).expect("made");
        let watch = FolderWatch::new(&path);
        fs::write(path.join("file"), "text").expect("written");
        assert!(!watch.is_gone(), "what happens inside does not matter");
        fs::rename(&path, temporary.path().join("moved")).expect("moved");
        assert!(watch.is_gone());
        fs::create_dir(&path).expect("made");
        assert!(watch.is_gone(), "another folder of that name");
        fs::remove_dir(&path).expect("removed");
        assert!(watch.is_gone());
    }
}
