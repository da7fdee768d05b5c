//! A command of the user's that is run for each notification, with the notification as JSON on its
//! standard input.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::Notification;
use super::channel::Messenger;

/// A command that is run for each notification, one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandHook {
    /// The program and its arguments. Nothing of a notification becomes an argument.
    pub(crate) command: Vec<String>,
    /// How long it may run.
    pub(crate) timeout: Duration,
}

/// Runs the hook.
pub(super) struct CommandMessenger {
    hook: CommandHook,
}

impl CommandMessenger {
    pub(super) const fn new(hook: CommandHook) -> Self {
        Self { hook }
    }

    async fn run(&self, input: &[u8]) -> Result<(), String> {
        let mut words = self.hook.command.iter();
        let program = words.next().map(String::as_str).unwrap_or_default();
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.process_group(0).spawn().map_err(|error| format!("cannot run `{program}`: {error}"))?;
        let _group = Group(child.id());
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not care for it may end before it has read all.
            let _unread = stdin.write_all(input).await;
        }
        let ended = child.wait().await.map_err(|error| format!("`{program}` was lost: {error}"))?;
        if ended.success() { Ok(()) } else { Err(format!("`{program}` failed ({ended})")) }
    }
}

#[async_trait]
impl Messenger for CommandMessenger {
    fn name(&self) -> &'static str {
        "command"
    }

    async fn deliver(&mut self, notification: &Notification) -> Result<(), String> {
        let mut input = serde_json::to_vec(notification).map_err(|error| error.to_string())?;
        input.push(b'\n');
        let limit = self.hook.timeout;
        timeout(limit, self.run(&input))
            .await
            .unwrap_or_else(|_| Err(format!("took longer than {} s", limit.as_secs())))
    }
}

/// The hook's process group, which ends with this, whatever it left running.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let pid = self.0.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        // Mostly it is gone already.
        let _gone = pid.map(|pid| kill_process_group(pid, Signal::KILL));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::notify::sample;

    fn shell(script: &str, timeout: Duration) -> CommandMessenger {
        CommandMessenger::new(CommandHook { command: ["sh", "-c", script].map(str::to_owned).to_vec(), timeout })
    }

    const LONG: Duration = Duration::from_mins(2);

    #[tokio::test]
    async fn the_command_gets_the_notification_on_its_input() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("seen");
        let outcome = shell(&format!("cat > {}", file.display()), LONG).deliver(&sample()).await;
        assert_eq!(outcome, Ok(()));
        let seen: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).expect("written")).expect("one line of JSON");
        assert_eq!(seen, serde_json::to_value(sample()).expect("serializes"));
    }

    #[tokio::test]
    async fn one_that_fails_does_not_read_or_does_not_exist_is_an_error_and_no_more() {
        let failed = shell("exec <&-; exit 3", LONG).deliver(&sample()).await.expect_err("it failed");
        assert!(failed.contains("exit status: 3"), "{failed}");
        let hook = CommandHook { command: vec!["/no/such/program".into()], timeout: LONG };
        let missing = CommandMessenger::new(hook).deliver(&sample()).await.expect_err("it is not there");
        assert!(missing.starts_with("cannot run `/no/such/program`"), "{missing}");
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let began = Instant::now();
        let late = shell(&script, Duration::from_secs(3)).deliver(&sample()).await.expect_err("too late");
        assert!(late.starts_with("took longer than 3 s") && began.elapsed() < LONG, "{late}");
        let pid = std::fs::read_to_string(file).expect("it had begun");
        let stat = format!("/proc/{}/stat", pid.trim());
        let is_gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        while !is_gone() {
            assert!(began.elapsed() < LONG, "what it started lives on");
            tokio::task::yield_now().await;
        }
    }
}
