//! A data folder of its own for each test, and the real program in it.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use switchboard_domain::SessionId;
use tempfile::TempDir;

use crate::owner::OwnerEnds;
use crate::{Ended, Running, Tag, eventually, processes_with, program};

/// A data folder and a project folder that nobody else uses; both are gone with it.
pub struct Home {
    /// Before the folder, so that nobody works in it any more when it is removed.
    daemon: Option<OwnerEnds>,
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
        Self { folder, daemon: None, tag: Tag::new() }
    }

    /// An empty one whose commands work with a daemon. It ends with the home.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    pub fn with_daemon() -> Self {
        let home = Self::new();
        Self { daemon: Some(OwnerEnds(home.path())), ..home }
    }

    /// `kill -9` of the daemon, which must be there.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn kill_daemon(&self) {
        let pid = crate::owner_of(&self.path()).expect("a daemon");
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
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

    /// Configures the agent `rogue`, which misbehaves as its prompt says, and one `native` agent for
    /// each of `misbehaviours`, named after it; more words are its arguments. All write down what they hear.
    ///
    /// # Panics
    /// When a misbehaviour is empty, or the configuration cannot be written.
    pub fn configure_rogues(&self, misbehaviours: &[&str]) {
        let told = self.rogue_section("rogue", &["as-told"]);
        let named = misbehaviours.iter().map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            self.rogue_section(words.first().expect("a misbehaviour"), &words)
        });
        self.configure(&std::iter::once(told).chain(named).collect::<Vec<_>>().join("\n"));
    }

    fn rogue_section(&self, name: &str, args: &[&str]) -> String {
        let (program, heard) = (program::rogue().display().to_string(), self.heard().display().to_string());
        let fixed = [&program, "--tag", self.tag.as_str(), "--heard", &heard];
        let command: Vec<String> = fixed.iter().chain(args).map(|word| format!("{word:?}")).collect();
        format!("[agents.{name}]\nprotocol = \"native\"\ncommand = [{}]\n", command.join(", "))
    }

    /// Where rogues write down what they hear.
    pub fn heard(&self) -> PathBuf {
        self.scratch("heard.jsonl")
    }

    /// The prompts that agents have heard, each with the session it was for.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn prompts_heard(&self) -> Vec<(SessionId, String)> {
        let text = fs::read_to_string(self.heard()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines
            .filter_map(|heard| {
                let prompt = heard["prompt"].as_str().or_else(|| heard["message"].as_str())?;
                Some((heard["sessionId"].as_str()?.parse().ok()?, prompt.to_owned()))
            })
            .collect()
    }

    /// Writes a file of prompts for `run --parallel-file`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn prompts(&self, lines: &[&str]) -> PathBuf {
        let path = self.scratch("prompts.txt");
        fs::write(&path, lines.join("\n") + "\n").expect("written");
        path
    }

    /// Waits until no process of this home's agents is left.
    ///
    /// # Panics
    /// When one stays.
    #[track_caller]
    pub fn wait_for_no_agents(&self) {
        eventually("the end of every agent", || processes_with(&self.tag).is_empty().then_some(()));
    }

    /// `switchboard ARGS` in this home, not yet started. Sees nothing of the tester's own configuration, and runs the
    /// built-in agent unless told otherwise, whatever is installed.
    pub fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(program::switchboard());
        command.args(args).current_dir(self.project()).env_clear();
        command.env("SWITCHBOARD_HOME", self.path()).env("HOME", self.folder.path()).env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("SWITCHBOARD_AGENT", "builtin");
        if self.daemon.is_none() {
            command.env("SWITCHBOARD_NO_DAEMON", "1");
        }
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
