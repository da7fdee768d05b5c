//! `cargo xtask dist`: everything somebody needs to install the program, in one archive.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use thiserror::Error;
use xtask::workspace::{ReadError, cargo_output, host, root};

use crate::report;

/// Files of the repository that go along.
const PAPERS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// Where each shell looks for a file of which name.
const COMPLETIONS: &[(&str, &str)] =
    &[("bash", "switchboard.bash"), ("zsh", "_switchboard"), ("fish", "switchboard.fish")];

/// Why there is no archive.
#[derive(Debug, Error)]
enum DistError {
    #[error("the build failed")]
    Build(#[from] ReadError),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{command}` failed: {why}")]
    Command { command: String, why: String },
}

/// Builds the archive and prints its path.
pub(crate) fn run() -> ExitCode {
    match build() {
        Ok(archive) => {
            report::made(&archive);
            ExitCode::SUCCESS
        }
        Err(error) => {
            report::problem(&error);
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<PathBuf, DistError> {
    cargo_output(root(), &["build", "--release", "--package", "switchboard", "--locked"])?;
    let name = format!("switchboard-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let dist = root().join("target/dist");
    let folder = dist.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|source| DistError::Write { path: folder.clone(), source })?;
    }
    let program = root().join("target/release/switchboard");
    fill(&folder, &program)?;
    let archive = dist.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(&dist).arg("-czf").arg(&archive).arg(&name);
    output_of(&mut tar)?;
    Ok(archive)
}

fn fill(folder: &Path, program: &Path) -> Result<(), DistError> {
    copy(program, &folder.join("switchboard"))?;
    for paper in PAPERS {
        copy(&root().join(paper), &folder.join(paper))?;
    }
    for (shell, file) in COMPLETIONS {
        write(&folder.join("completions").join(file), &output_of(Command::new(program).args(["completions", shell]))?)?;
    }
    write(&folder.join("man/switchboard.1"), &output_of(Command::new(program).arg("man"))?)
}

fn copy(from: &Path, to: &Path) -> Result<(), DistError> {
    let written = make_parent(to).and_then(|()| fs::copy(from, to));
    written.map(|_bytes| ()).map_err(|source| DistError::Write { path: to.to_owned(), source })
}

fn write(to: &Path, bytes: &[u8]) -> Result<(), DistError> {
    let written = make_parent(to).and_then(|()| fs::write(to, bytes));
    written.map_err(|source| DistError::Write { path: to.to_owned(), source })
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn output_of(command: &mut Command) -> Result<Vec<u8>, DistError> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| DistError::Command { command: shown.clone(), why: error.to_string() })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(DistError::Command { command: shown, why })
}
