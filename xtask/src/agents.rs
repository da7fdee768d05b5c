//! `cargo xtask agents`: the real agent programs, each played through the same scenes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use xtask::programs::{PACKAGES, Package};
use xtask::workspace::root;

use crate::report;
use crate::step::{Outcome, Step};

/// What to try.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Install nothing: what is not there yet is skipped
    #[arg(long)]
    offline: bool,

    /// Passed on: names of agents, `--scene NAME`, `--json`, `--list`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Installs the programs, builds ours, and plays the scenes.
pub(crate) fn run(options: &Options) -> ExitCode {
    if !options.offline {
        PACKAGES.iter().filter(|package| !package.is_installed()).for_each(install);
    }
    let build = Step::cargo("build", ["build", "--quiet", "-p", "switchboard", "-p", "switchboard-tests", "--bins"]);
    if build.run() != Outcome::Passed {
        return ExitCode::FAILURE;
    }
    let programs = target().join("debug");
    let mut play = Command::new(programs.join("real_agents"));
    play.args(&options.args).env("SWITCHBOARD_TEST_PROGRAM", programs.join("switchboard"));
    if play.status().is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Installs `package`. One that cannot be had is reported here, and skipped by the scenes.
fn install(package: &Package) {
    report::remark(&format!("installing {}", package.spec()));
    let installed = fs::create_dir_all(package.folder()).and_then(|()| {
        let npm = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"];
        let mut npm_install = Command::new("npm");
        npm_install.args(npm).arg(package.folder()).arg(package.spec()).stdin(Stdio::null()).stdout(Stdio::null());
        if !npm_install.status()?.success() {
            return Err(std::io::Error::other("npm failed"));
        }
        fs::write(package.mark(), package.spec())
    });
    if let Err(error) = installed {
        report::problem(&error);
    }
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
