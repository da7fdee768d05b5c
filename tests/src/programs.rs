//! A home whose `PATH` leads to programs of the test's own and to no others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::{Ended, Home, Running, program};

/// A home with programs of its own and no others; it names no agent either.
pub struct Programs {
    /// The home.
    pub home: Home,
    folder: PathBuf,
}

impl Programs {
    /// Without any program.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    #[expect(clippy::new_without_default, reason = "it makes folders on disk, which nobody expects of a default")]
    pub fn new() -> Self {
        let home = Home::new();
        let folder = home.scratch("programs");
        fs::create_dir(&folder).expect("made");
        Self { home, folder }
    }

    /// Installs a script under this name; one of shell, unless its first line says otherwise.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn install(self, name: &str, script: &str) -> Self {
        let file = self.folder.join(name);
        let first_line = if script.starts_with("#!") { "" } else { "#!/bin/sh\n" };
        fs::write(&file, format!("{first_line}{script}\n")).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("set");
        self
    }

    /// Installs a program that speaks as Claude Code and Codex do, and has this version.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn install_understudy(self, name: &str, version: &str) -> Self {
        let understudy = program::understudy().display().to_string();
        let script = format!("[ \"$1\" = --version ] && echo '{version}' && exit\nexec {understudy:?} \"$@\"");
        self.install(name, &script)
    }

    /// `switchboard ARGS`, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command.env("PATH", &self.folder).env_remove("SWITCHBOARD_AGENT");
        command
    }

    /// Runs `switchboard ARGS` to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ended {
        Running::start(&mut self.command(args)).wait()
    }
}
