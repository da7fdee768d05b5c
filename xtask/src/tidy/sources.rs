//! The text files of the workspace, as they are on disk.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::workspace::ReadError;

/// What is worth reading; everything else is data.
const EXTENSIONS: &[&str] = &["rs", "toml", "md", "yml", "yaml", "sh", "json", "snap", "txt"];
/// Hidden folders that are part of the repository; every other hidden one is somebody's own.
const HIDDEN_FOLDERS: &[&str] = &[".cargo", ".ci", ".config", ".github"];
/// Build output, by cargo's and by our own hand.
const SKIPPED_FOLDERS: &[&str] = &["target"];

/// One text file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its path from the workspace's root, with `/` between the parts.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl Source {
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The file's name without folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(super) fn finding(&self, rule: &'static str, what: impl Into<String>) -> Finding {
        Finding { rule, place: self.path.clone(), what: what.into() }
    }

    pub(super) fn finding_at(&self, line: usize, rule: &'static str, what: impl Into<String>) -> Finding {
        Finding { rule, place: format!("{}:{line}", self.path), what: what.into() }
    }
}

/// Every text file below `root`, in the order of their paths.
pub(super) fn read_all(root: &Path) -> Result<Vec<Source>, ReadError> {
    let mut sources = Vec::new();
    read_folder(root, "", &mut sources)?;
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn read_folder(folder: &Path, prefix: &str, sources: &mut Vec<Source>) -> Result<(), ReadError> {
    let failed = |source| ReadError::File { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && is_ours(&name) {
            read_folder(&entry.path(), &format!("{path}/"), sources)?;
        } else if kind.is_file() && is_text(&path) {
            let text = fs::read(entry.path()).map_err(|source| ReadError::File { path: entry.path(), source })?;
            sources.push(Source { path, text: String::from_utf8_lossy(&text).into_owned() });
        }
    }
    Ok(())
}

fn is_ours(folder: &str) -> bool {
    !SKIPPED_FOLDERS.contains(&folder) && (!folder.starts_with('.') || HIDDEN_FOLDERS.contains(&folder))
}

fn is_text(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    path.starts_with(".ci/") || extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_hidden_folders_are_left_out() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["crates/x/src/lib.rs", "target/debug/build/out.rs", ".git/config.toml", ".ci/run", "logo.png"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, "text").expect("written");
        }
        let paths: Vec<_> = read_all(root.path()).expect("readable").into_iter().map(|source| source.path).collect();
        assert_eq!(paths, [".ci/run", "crates/x/src/lib.rs"]);
    }
}
