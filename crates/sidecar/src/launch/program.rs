//! Finds the file to run, and the reason when it cannot be run.
//!
//! Done here and not by the operating system for two reasons: it says "no such file" for four different
//! mistakes; and a program given by its path is spawned without `fork`, which would copy our page tables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{AgentSpec, LaunchError, LaunchSession};

/// What is searched when the agent has no `PATH`; the usual default.
const FALLBACK_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A first line longer than this is no `#!` line; the kernel reads 256 bytes at most.
const SHEBANG_BYTES_MAX: u64 = 256;

/// The file to run for `agent`, as an absolute path or one relative to nothing but our own directory.
pub(crate) fn resolve(
    agent: &AgentSpec,
    session: &LaunchSession,
    environment: &BTreeMap<OsString, OsString>,
) -> Result<PathBuf, LaunchError> {
    if !session.working_dir.is_dir() {
        return Err(LaunchError::WorkingDirMissing { path: session.working_dir.clone() });
    }
    if agent.program.components().count() > 1 {
        return check(session.working_dir.join(&agent.program));
    }
    let path = environment.get(OsStr::new("PATH")).map_or(OsStr::new(FALLBACK_PATH), OsString::as_os_str);
    search(&agent.program, path, &session.working_dir)
}

fn search(program: &Path, path: &OsStr, working_dir: &Path) -> Result<PathBuf, LaunchError> {
    let candidates = || std::env::split_paths(path).map(|dir| working_dir.join(dir).join(program));
    if let Some(found) = candidates().find(|file| is_executable(file)) {
        return Ok(found);
    }
    match candidates().find(|file| file.is_file()) {
        Some(path) => Err(LaunchError::NotExecutable { path }),
        None => Err(LaunchError::ProgramNotFound {
            program: program.to_owned(),
            searched: format!("PATH ({})", path.to_string_lossy()),
        }),
    }
}

fn check(file: PathBuf) -> Result<PathBuf, LaunchError> {
    if is_executable(&file) {
        return Ok(file);
    }
    if file.exists() {
        return Err(LaunchError::NotExecutable { path: file });
    }
    let searched = file.parent().unwrap_or(Path::new("/")).display().to_string();
    Err(LaunchError::ProgramNotFound { program: file, searched })
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Why spawning `file` failed with `error`.
pub(crate) fn diagnose(agent: &AgentSpec, file: &Path, error: io::Error) -> LaunchError {
    match error.kind() {
        io::ErrorKind::ArgumentListTooLong => LaunchError::PromptTooLong,
        io::ErrorKind::InvalidInput => LaunchError::NulByte { agent: agent.name.clone() },
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => LaunchError::TooManyProcesses(error),
        io::ErrorKind::PermissionDenied => LaunchError::NotExecutable { path: file.to_owned() },
        io::ErrorKind::NotFound => match interpreter(file) {
            Some(interpreter) => LaunchError::InterpreterNotFound { path: file.to_owned(), interpreter },
            None => LaunchError::Spawn { program: file.to_owned(), source: error },
        },
        _ if is_out_of_files(&error) => LaunchError::TooManyProcesses(error),
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            LaunchError::NotExecutable { path: file.to_owned() }
        }
        _ => LaunchError::Spawn { program: file.to_owned(), source: error },
    }
}

fn is_out_of_files(error: &io::Error) -> bool {
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

fn interpreter(script: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(File::open(script).ok()?.take(SHEBANG_BYTES_MAX)).read_until(b'\n', &mut line).ok()?;
    let words = line.strip_prefix(b"#!")?;
    let text = String::from_utf8_lossy(words);
    text.split_whitespace().next().map(ToOwned::to_owned)
}
