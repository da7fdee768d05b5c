//! Where the programs under test are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use xtask::workspace::{cargo_program, root};

/// Names a `switchboard` to test instead of the one cargo builds: an installed one, or an instrumented one.
const PROGRAM_VARIABLE: &str = "SWITCHBOARD_TEST_PROGRAM";

/// The real `switchboard`, built once if need be, in the profile of the running test.
///
/// # Panics
/// When it cannot be built.
pub fn switchboard() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os(PROGRAM_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

/// The agent that misbehaves.
///
/// # Panics
/// When it is not there.
pub fn rogue() -> PathBuf {
    own("rogue")
}

/// The program that writes down what it was told is saved.
///
/// # Panics
/// When it is not there.
pub fn scribe() -> PathBuf {
    own("scribe")
}

/// The agent that speaks as Claude Code and Codex do.
///
/// # Panics
/// When it is not there.
pub fn understudy() -> PathBuf {
    own("understudy")
}

/// The language model that answers by script.
///
/// # Panics
/// When it is not there.
pub fn fake_llm() -> PathBuf {
    own("fake_llm")
}

/// A program of this package, which cargo builds along with every integration test of it.
fn own(name: &str) -> PathBuf {
    let path = folder().join(name);
    assert!(path.exists(), "{} is missing: cargo builds it for the integration tests", path.display());
    path
}

fn build() -> PathBuf {
    let mut cargo = Command::new(cargo_program());
    // The same selection as `cargo xtask test`, so that cargo finds everything built already.
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--tests"]).current_dir(root());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // What cargo tells a test of its package: build scripts of others look at it, and would all be run again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status().expect("cargo can be run");
    assert!(status.success(), "switchboard cannot be built");
    folder().join("switchboard")
}

/// Where cargo puts programs: two above the running test, which is in `deps`.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("the running test has a path");
    let folder = test.ancestors().find(|folder| !folder.ends_with("deps") && folder.is_dir());
    folder.expect("a test is run from cargo's folder").to_owned()
}
