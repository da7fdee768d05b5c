//! Where programs are: a walk through `PATH`.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The file that is run for `program`: itself when it is a path, else the first of that name in `path`.
///
/// Folders in `path` that are not absolute are passed over: a project must not bring its own agent along.
pub(crate) fn find(program: &Path, path: &OsStr) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return Some(program.to_owned()).filter(|file| is_program(file));
    }
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && may_run(&metadata))
}

#[cfg(unix)]
fn may_run(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &Metadata) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        std::fs::create_dir_all(folder).expect("made");
        let file = folder.join(name);
        std::fs::write(&file, "").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
        file
    }

    #[test]
    fn the_first_file_that_can_be_run_is_the_program() {
        let temp = tempfile::tempdir().expect("a folder");
        let [first, second, third] = ["first", "second", "third"].map(|name| temp.path().join(name));
        file(&first, "agent", 0o644);
        std::fs::create_dir_all(second.join("agent")).expect("made");
        let program = file(&third, "agent", 0o755);
        let path = std::env::join_paths([Path::new("relative"), &first, &second, &third]).expect("joined");
        assert_eq!(find(Path::new("agent"), &path), Some(program.clone()));
        assert_eq!(find(&program, OsStr::new("")), Some(program));
        assert_eq!(find(Path::new("other"), &path), None);
        assert_eq!(find(&first.join("agent"), &path), None);
    }

    #[test]
    fn the_folder_one_stands_in_is_not_looked_through() {
        // Cargo runs a package's tests in the package's folder, where `tests` leads on.
        let folder = tempfile::tempdir_in(".").expect("a folder");
        file(folder.path(), "agent", 0o755);
        let relative = folder.path().file_name().expect("a name");
        assert_eq!(find(Path::new("agent"), relative), None);
        assert_eq!(find(Path::new("agent"), OsStr::new("")), None);
    }
}
