//! A language model that answers by script, as a process of its own.

use std::fs;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Running, eventually, program};

/// A running one. It ends when this is dropped.
pub struct FakeLlm {
    _running: Running,
    folder: TempDir,
    port: u16,
}

/// What it was asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    /// The newest prompt.
    pub prompt: String,
    /// The whole request.
    pub body: Value,
}

impl FakeLlm {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it does not serve.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it starts a process, which nobody expects of a default")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("room for temporary files");
        let port_file = folder.path().join("port");
        let mut command = Command::new(program::fake_llm());
        command.arg("--port-file").arg(&port_file).arg("--log").arg(folder.path().join("log"));
        let running = Running::start(&mut command);
        let port = eventually("the fake model's port", || fs::read_to_string(&port_file).ok()?.parse().ok());
        Self { _running: running, folder, port }
    }

    /// Where it is reached, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The questions so far that carried a prompt, oldest first.
    ///
    /// # Panics
    /// Never: it keeps a log.
    pub fn asked(&self) -> Vec<Asked> {
        let log = fs::read_to_string(self.folder.path().join("log")).expect("a log");
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
