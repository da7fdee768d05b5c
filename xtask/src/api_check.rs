//! `cargo xtask api-check`: the running daemon against its own description, by schemathesis.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use xtask::workspace::{cargo_program, root};

/// How long the daemon may take until it can be reached.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// Examples made up for each operation.
const EXAMPLES: &str = "25";

/// A request may fit its description and make no sense all the same, such as an empty prompt: such are
/// refused, which this check takes for a mistake.
const NOT_CHECKED: &str = "positive_data_acceptance";

/// It has no end to wait for; the tests of the API look at it.
const ENDLESS: &str = "/api/v1/events";

/// Checks it. Says that it was skipped where there is no Python to check it with.
#[allow(clippy::print_stdout, reason = "this is for the person who runs it")]
pub(crate) fn run() -> ExitCode {
    let Some(checker) = checker() else {
        println!("api-check: SKIPPED, NOT CHECKED: schemathesis needs Python 3 with venv, and PyPI once");
        return ExitCode::SUCCESS;
    };
    match check(&checker) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("api-check: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The checker, installed if it is not there.
fn checker() -> Option<PathBuf> {
    let home = root().join("target/schemathesis");
    let program = home.join("bin/schemathesis");
    if !program.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&home).status();
        made.ok().filter(std::process::ExitStatus::success)?;
        let installed = Command::new(home.join("bin/pip")).args(["install", "--quiet", "schemathesis"]).status();
        installed.ok().filter(std::process::ExitStatus::success)?;
    }
    Some(program)
}

fn check(checker: &Path) -> std::io::Result<bool> {
    let built =
        Command::new(cargo_program()).args(["build", "--quiet", "-p", "switchboard"]).current_dir(root()).status()?;
    if !built.success() {
        return Ok(false);
    }
    let data = root().join("target/api-check");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let program = root().join("target/debug/switchboard");
    let mut serve = Command::new(program);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("SWITCHBOARD_HOME", &data);
    let daemon = Daemon(serve.spawn()?);
    let (address, token) = reached(&data)?;
    let status = Command::new(checker)
        .arg("run")
        .arg(format!("http://{address}/api/v1/openapi.json"))
        .args(["--header", &format!("Authorization: Bearer {token}"), "--exclude-path", ENDLESS])
        .args(["--exclude-checks", NOT_CHECKED, "--max-examples", EXAMPLES])
        .args(["--phases", "examples,coverage,fuzzing"])
        .status()?;
    drop(daemon);
    Ok(status.success())
}

/// Where the daemon listens and what opens it, once it can be reached.
fn reached(data: &Path) -> std::io::Result<(String, String)> {
    let began = Instant::now();
    while began.elapsed() < START_PATIENCE {
        let announced = fs::read(data.join("daemon.json")).ok();
        let told = announced.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
        if let Some(address) = told.as_ref().and_then(|told| told["tcp"].as_str()) {
            return Ok((address.to_owned(), fs::read_to_string(data.join("daemon.token"))?));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the daemon was never ready"))
}

/// A daemon that is ended whatever happens.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It holds nothing worth saving.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
