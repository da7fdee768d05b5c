//! Where the workspace is, what cargo says about it, and how cargo is called.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

/// Something that must be readable is not.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A file or folder.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A cargo command could not be run.
    #[error("cannot run `{command}`")]
    Spawn {
        /// The command line.
        command: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A cargo command failed.
    #[error("`{command}` failed: {stderr}")]
    Failed {
        /// The command line.
        command: String,
        /// What it said.
        stderr: String,
    },
    /// What cargo printed is not what this was written for.
    #[error("cannot understand what `{command}` printed")]
    Answer {
        /// The command line.
        command: String,
        /// Where it went wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The folder with the workspace's `Cargo.toml`.
///
/// # Panics
/// Never: this package lies one level below it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace's root")
}

/// The cargo that runs us, or the one on the path.
pub fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether `cargo NAME` is installed.
pub fn has_cargo_command(name: &str) -> bool {
    let asked = Command::new(cargo_program())
        .args([name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// What `cargo ARGS` prints, run in `root`.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn cargo_output(root: &Path, args: &[&str]) -> Result<String, ReadError> {
    output_of(Command::new(cargo_program()).args(args).current_dir(root), &format!("cargo {}", args.join(" ")))
}

/// The target triple of this machine, as rustc names it.
///
/// # Errors
/// When rustc cannot be asked.
pub fn host() -> Result<String, ReadError> {
    let version = output_of(Command::new("rustc").arg("-vV"), "rustc -vV")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| ReadError::Failed { command: "rustc -vV".to_owned(), stderr: "it names no host".to_owned() })
}

fn output_of(command: &mut Command, shown: &str) -> Result<String, ReadError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ReadError::Spawn { command: shown.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ReadError::Failed {
        command: shown.to_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
