//! Starts one child process.

use std::ffi::OsString;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;

use switchboard_domain::WorkerProcess;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use uuid::Uuid;

use crate::launch::{LAUNCH_VARIABLE, SESSION_VARIABLE, diagnose, resolve};
use crate::tree::{Marks, Quarry, started};
use crate::{AgentSpec, LaunchError, LaunchSession, protocol};

/// A process that runs, and all that is needed to talk to it and to end it.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) worker: WorkerProcess,
    pub(super) child: Child,
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
    pub(super) quarry: Quarry,
    /// What it sees, the marks by which it is found included.
    pub(super) environment: Vec<(OsString, OsString)>,
}

/// Starts `agent` for `session`.
///
/// Nothing here makes the standard library fork: a fork copies the page tables of this program, which may
/// hold gigabytes; `posix_spawn` does not.
pub(super) fn spawn(agent: &AgentSpec, session: &LaunchSession) -> Result<Spawned, LaunchError> {
    let environment = agent.environment.resolve(std::env::vars_os());
    let program = resolve(agent, session, &environment)?;
    let cookie = Uuid::now_v7().simple().to_string();
    let marks = [(SESSION_VARIABLE, session.session_id.to_string()), (LAUNCH_VARIABLE, cookie.clone())];
    let marks = marks.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let environment: Vec<(OsString, OsString)> = environment.into_iter().chain(marks).collect();
    let mut child = Command::new(&program)
        .args(protocol::arguments(agent, session))
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&session.working_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| diagnose(agent, &program, error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let pid = child.id().unwrap_or_default();
    let worker = WorkerProcess { pid, started: started(pid).unwrap_or_default() };
    let pipes = [pipe(stdin.as_ref()), pipe(stdout.as_ref()), pipe(stderr.as_ref())];
    let marks = Marks::variable(&format!("{LAUNCH_VARIABLE}={cookie}")).or_pipes(pipes.into_iter().flatten());
    Ok(Spawned { worker, child, stdin, stdout, stderr, quarry: Quarry::child(worker, marks), environment })
}

/// The kernel's name for a pipe of ours, by which its other end is found in `/proc/PID/fd`.
fn pipe(end: Option<&impl AsRawFd>) -> Option<Vec<u8>> {
    let link = fs::read_link(format!("/proc/self/fd/{}", end?.as_raw_fd())).ok()?;
    Some(link.into_os_string().into_vec())
}
