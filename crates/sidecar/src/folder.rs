//! A folder that whoever works for an agent is confined to.
//!
//! A path is looked at twice: as it is written, where `..` is refused whatever it would lead to, and as it is on
//! disk, with every symbolic link followed. It is meant against an agent that strays, not against another program
//! that moves links while a tool runs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// A file larger than this is nothing to be read into a model.
pub const FILE_BYTES_MAX: u64 = 16 << 20;

/// Why a path cannot be used.
#[derive(Debug, Error)]
pub enum PathError {
    /// Refused as it is written.
    #[error("`{0}` is refused: a path must not contain `..`")]
    Parent(String),
    /// Leads elsewhere.
    #[error("`{0}` is outside of the project folder")]
    Outside(String),
    /// A folder, a pipe, a device.
    #[error("`{0}` is not a file")]
    NoFile(String),
    /// Too large to be shown.
    #[error("`{path}` has {bytes} bytes; files of more than {FILE_BYTES_MAX} bytes are not read", bytes = .bytes)]
    TooLarge {
        /// As it was written.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// Not text.
    #[error("`{0}` is not a text file")]
    Binary(String),
    /// Not there, not allowed, and the like.
    #[error("cannot use `{path}`: {cause}")]
    Io {
        /// As it was written.
        path: String,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
}

/// A folder that is not left.
#[derive(Clone, Debug)]
pub struct ProjectFolder {
    /// Without symbolic links.
    root: PathBuf,
}

impl ProjectFolder {
    /// The project in `folder`.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(folder: &Path) -> Result<Self, PathError> {
        let root = fs::canonicalize(folder).map_err(|cause| failed(&folder.to_string_lossy(), cause))?;
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `path` is: something that exists, in the folder.
    ///
    /// # Errors
    /// When it is not there, or not inside.
    pub fn existing(&self, path: &str) -> Result<PathBuf, PathError> {
        let place = self.as_written(path)?;
        let real = fs::canonicalize(place).map_err(|cause| failed(path, cause))?;
        self.inside(real, path)
    }

    /// Where `path` is or would be: a file in the folder, whose own folders need not exist yet.
    ///
    /// # Errors
    /// When it would be outside, or is there and no file.
    pub fn writable(&self, path: &str) -> Result<PathBuf, PathError> {
        let place = self.as_written(path)?;
        let mut missing = Vec::new();
        let mut ancestor = place.as_path();
        // A link that leads nowhere exists too: what is written there would be wherever it points to.
        while fs::symlink_metadata(ancestor).is_err() {
            let (Some(parent), Some(name)) = (ancestor.parent(), ancestor.file_name()) else {
                return Err(PathError::Outside(path.to_owned()));
            };
            missing.push(name);
            ancestor = parent;
        }
        let real = fs::canonicalize(ancestor).map_err(|cause| failed(path, cause))?;
        let real = self.inside(real, path)?;
        let target = missing.iter().rev().fold(real, |folder, name| folder.join(name));
        if target.exists() && !target.is_file() {
            return Err(PathError::NoFile(path.to_owned()));
        }
        Ok(target)
    }

    /// The text of a file in the folder.
    ///
    /// # Errors
    /// When it is not there, not inside, too large, or no text.
    pub fn text(&self, path: &str) -> Result<String, PathError> {
        let place = self.existing(path)?;
        let metadata = fs::metadata(&place).map_err(|cause| failed(path, cause))?;
        // Before it is opened: to open a pipe is to wait for somebody at its other end.
        if !metadata.is_file() {
            return Err(PathError::NoFile(path.to_owned()));
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(PathError::TooLarge { path: path.to_owned(), bytes: metadata.len() });
        }
        let mut bytes = Vec::new();
        let file = File::open(&place).map_err(|cause| failed(path, cause))?;
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|cause| failed(path, cause))?;
        String::from_utf8(bytes)
            .ok()
            .filter(|text| !text.contains('\0'))
            .ok_or_else(|| PathError::Binary(path.to_owned()))
    }

    /// Writes the file `path` whole or not at all, with the permissions it had; folders on the way are created. Tells whether
    /// there was one before.
    ///
    /// # Errors
    /// As [`Self::writable`], and what the system says; nothing has changed then.
    pub fn replace(&self, path: &str, text: &str) -> Result<bool, PathError> {
        let place = self.writable(path)?;
        let existed = place.exists();
        replace(&place, text).map_err(|cause| failed(path, cause))?;
        Ok(existed)
    }

    /// `place` as the model is to know it.
    pub fn shown(&self, place: &Path) -> String {
        place.strip_prefix(&self.root).unwrap_or(place).to_string_lossy().into_owned()
    }

    fn as_written(&self, path: &str) -> Result<PathBuf, PathError> {
        if Path::new(path).components().any(|part| part == Component::ParentDir) {
            return Err(PathError::Parent(path.to_owned()));
        }
        Ok(self.root.join(path))
    }

    fn inside(&self, real: PathBuf, path: &str) -> Result<PathBuf, PathError> {
        if real.starts_with(&self.root) { Ok(real) } else { Err(PathError::Outside(path.to_owned())) }
    }
}

/// Writes a file whole or not at all, with the permissions it had.
fn replace(place: &Path, content: &str) -> io::Result<()> {
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

/// The error for `path` that has this cause.
fn failed(path: &str, cause: io::Error) -> PathError {
    PathError::Io { path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    /// A project with a file, and next to it a secret that several links lead to.
    fn stage() -> (TempDir, ProjectFolder) {
        let stage = tempfile::tempdir().expect("a folder");
        let (inner, outer) = (stage.path().join("project"), stage.path().join("outside"));
        fs::create_dir_all(inner.join("src")).expect("a folder");
        fs::create_dir(&outer).expect("a folder");
        fs::write(inner.join("src/main.rs"), "fn main() {}").expect("written");
        fs::write(outer.join("secret"), "secret").expect("written");
        symlink(&outer, inner.join("folder_link")).expect("a link");
        symlink(outer.join("secret"), inner.join("file_link")).expect("a link");
        symlink(outer.join("new"), inner.join("link_to_nothing")).expect("a link");
        symlink(inner.join("src"), inner.join("inner_link")).expect("a link");
        let project = ProjectFolder::open(&inner).expect("a project");
        (stage, project)
    }

    #[rstest]
    #[case::parent("../outside/secret")]
    #[case::parent_on_the_way("src/../../outside/secret")]
    #[case::harmless_parent("src/../src/main.rs")]
    #[case::absolute("/etc/passwd")]
    #[case::through_a_folder_link("folder_link/secret")]
    #[case::through_a_file_link("file_link")]
    fn nothing_outside_is_read_or_written(#[case] path: &str) {
        let (_stage, project) = stage();
        let refused = |outcome| matches!(outcome, Err(PathError::Parent(_) | PathError::Outside(_)));
        assert!(refused(project.existing(path)), "read");
        assert!(refused(project.writable(path)), "written");
    }

    #[rstest]
    #[case::new_file_behind_a_link("folder_link/new")]
    #[case::link_to_nothing("link_to_nothing")]
    #[case::folder("src")]
    fn nothing_is_created_outside(#[case] path: &str) {
        let (_stage, project) = stage();
        assert!(project.writable(path).is_err());
    }

    #[rstest]
    #[case::plain("src/main.rs", "src/main.rs")]
    #[case::dotted("./src/./main.rs", "src/main.rs")]
    #[case::through_an_inner_link("inner_link/main.rs", "src/main.rs")]
    fn what_is_inside_is_found(#[case] path: &str, #[case] expected: &str) {
        let (_stage, project) = stage();
        assert_eq!(project.shown(&project.existing(path).expect("inside")), expected);
        assert_eq!(project.shown(&project.writable(path).expect("inside")), expected);
    }

    #[test]
    fn an_absolute_path_may_lead_inside() {
        let (_stage, project) = stage();
        let path = project.root().join("src/main.rs");
        assert!(project.existing(&path.to_string_lossy()).is_ok());
    }

    #[test]
    fn a_file_in_folders_that_are_not_there_yet_has_a_place() {
        let (_stage, project) = stage();
        assert_eq!(project.shown(&project.writable("a/b/c.rs").expect("inside")), "a/b/c.rs");
    }

    #[test]
    fn what_is_no_text_is_not_read() {
        let (_stage, project) = stage();
        fs::write(project.root().join("image"), b"\x89PNG\0\xff").expect("written");
        File::create(project.root().join("huge")).expect("created").set_len(FILE_BYTES_MAX + 1).expect("grown");
        assert!(matches!(project.text("image"), Err(PathError::Binary(_))));
        assert!(matches!(project.text("huge"), Err(PathError::TooLarge { .. })));
        assert!(matches!(project.text("src"), Err(PathError::NoFile(_))));
    }
}
