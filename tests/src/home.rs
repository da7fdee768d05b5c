//! A data folder of its own for each test, and the real program in it.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::{Ended, Running, Tag, program};

/// A data folder and a project folder that nobody else uses; both are gone with it.
pub struct Home {
    folder: TempDir,
    /// Marks every process that agents of this home start.
    pub tag: Tag,
}

impl Home {
    /// An empty one: the first start of the program makes everything.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    #[expect(clippy::new_without_default, reason = "it makes folders on disk, which nobody expects of a default")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("room for temporary files");
        fs::create_dir(folder.path().join("project")).expect("an empty folder");
        Self { folder, tag: Tag::new() }
    }

    /// Everything of the program: configuration, database, lock, log.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The folder that agents work in.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A place for the test's own files.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn configure(&self, config_toml: &str) {
        fs::create_dir_all(self.path()).expect("created");
        fs::write(self.path().join("config.toml"), config_toml).expect("written");
    }

    /// Configures one `native` agent for each misbehaviour, named after it; more words are its arguments.
    ///
    /// # Panics
    /// When one is empty, or the configuration cannot be written.
    pub fn configure_rogues(&self, misbehaviours: &[&str]) {
        let sections = misbehaviours.iter().map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().expect("a misbehaviour");
            let command: Vec<String> = self.rogue_command(name, words).iter().map(|word| format!("{word:?}")).collect();
            format!("[agents.{name}]\nprotocol = \"native\"\ncommand = [{}]\n", command.join(", "))
        });
        self.configure(&sections.collect::<Vec<_>>().join("\n"));
    }

    fn rogue_command<'a>(&self, misbehaviour: &str, args: impl Iterator<Item = &'a str>) -> Vec<String> {
        let program = program::rogue().display().to_string();
        let fixed = [program, "--tag".to_owned(), self.tag.as_str().to_owned(), misbehaviour.to_owned()];
        fixed.into_iter().chain(args.map(str::to_owned)).collect()
    }

    /// `switchboard ARGS` in this home, not yet started. Sees nothing of the tester's own configuration.
    pub fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(program::switchboard());
        command.args(args).current_dir(self.project()).env_clear();
        command.env("SWITCHBOARD_HOME", self.path()).env("HOME", self.folder.path()).env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Starts `switchboard ARGS`.
    #[track_caller]
    pub fn start(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Running {
        Running::start(&mut self.command(args))
    }

    /// Runs `switchboard ARGS` to its end.
    #[track_caller]
    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
        self.start(args).wait()
    }
}
