//! Keeps conversations on disk, so that one can be gone on with after a restart.
//!
//! One file for each, which only its owner may read, replaced as a whole after each turn.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::conversation::Conversation;

/// No conversation that was ever compacted is as long.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The extension of a file that is not whole yet.
const DRAFT: &str = "draft";

/// A folder of conversations.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    folder: PathBuf,
}

impl Memory {
    /// Keeps conversations in `folder`, which is created when it is first needed.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Keeps `conversation` under `name`; an older one of that name is replaced.
    pub(super) fn save(&self, name: &str, conversation: &Conversation) -> io::Result<()> {
        let place = self.place(name)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let draft = place.with_extension(DRAFT);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec(conversation)?)?;
        file.sync_all()?;
        fs::rename(draft, place)
    }

    /// The conversation with this `name`.
    pub(super) fn load(&self, name: &str) -> io::Result<Conversation> {
        let mut text = String::new();
        fs::File::open(self.place(name)?)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Removes the conversation with this `name` and what is left of an attempt to keep it.
    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        let place = self.place(name)?;
        for file in [place.with_extension(DRAFT), place] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The name comes from outside and must not lead elsewhere.
    fn place(&self, name: &str) -> io::Result<PathBuf> {
        let is_plain = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
        let refused = || io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is no conversation's name"));
        is_plain.then(|| self.folder.join(format!("{name}.json"))).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rstest::rstest;

    use super::*;

    #[test]
    fn a_conversation_comes_back_as_it_was_and_is_nobody_else_s() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::new(&folder.path().join("new"));
        let mut conversation = Conversation::default();
        for text in ["one", "two"] {
            conversation.prompt(text);
            memory.save("coder-1", &conversation).expect("saved");
        }
        assert_eq!(memory.load("coder-1").expect("there"), conversation);
        let mode = fs::metadata(folder.path().join("new/coder-1.json")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_forgotten_conversation_leaves_nothing_and_the_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::new(folder.path());
        memory.forget("never-kept").expect("nothing to do");
        for name in ["mine", "other"] {
            memory.save(name, &Conversation::default()).expect("saved");
        }
        fs::write(folder.path().join("mine.draft"), "half").expect("written");
        memory.forget("mine").expect("removed");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("there").flatten().map(|it| it.file_name()).collect();
        assert_eq!(left, ["other.json"]);
    }

    #[rstest]
    #[case::elsewhere("../secret")]
    #[case::absolute("/etc/passwd")]
    #[case::nothing("")]
    fn no_name_leads_elsewhere(#[case] name: &str) {
        let memory = Memory::new(Path::new("/nowhere"));
        assert_eq!(memory.load(name).expect_err("refused").kind(), io::ErrorKind::InvalidInput);
    }
}
