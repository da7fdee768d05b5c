//! Misbehaving as a process: dying, hanging, leaving children behind.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use clap::ValueEnum;
use rustix::process::{Signal, getpid, kill_process, setsid};

use crate::voice::{Voice, to_stderr};
use crate::{Arguments, LIFETIME_MAX, Misbehaviour};

/// How many children a forking agent leaves.
const CHILDREN: usize = 3;

/// Does nothing, for long.
pub(crate) fn hang() {
    thread::sleep(LIFETIME_MAX);
}

/// Half a turn, last words, and an exit code.
pub(crate) fn crash(voice: &mut Voice, code: ExitCode) -> io::Result<ExitCode> {
    voice.started()?;
    voice.message("before the crash")?;
    to_stderr(b"something is wrong\npanic: out of cheese\n");
    Ok(code)
}

/// Half a turn, then `SIGKILL` by its own hand.
pub(crate) fn kill_itself(voice: &mut Voice) -> io::Result<()> {
    voice.started()?;
    voice.message("before the end")?;
    kill_process(getpid(), Signal::KILL)?;
    Ok(())
}

/// Leaves the process group and the session, so that a signal to the group misses it.
pub(crate) fn leave_session() -> io::Result<()> {
    setsid()?;
    Ok(())
}

/// Ignored signals stay ignored across `exec`; only the shell can set that up without unsafe code.
pub(crate) fn become_deaf_to_signals(arguments: &Arguments) -> io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' TERM INT HUP; exec \"$0\" \"$@\""]).arg(std::env::current_exe()?);
    Err(shell.args(arguments_of(arguments, Misbehaviour::Stubborn)).exec())
}

/// Gives up its output but not its life.
pub(crate) fn close_stdout(arguments: &Arguments) -> io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(std::env::current_exe()?);
    Err(shell.args(arguments_of(arguments, Misbehaviour::Lurk)).exec())
}

/// Leaves children behind in the middle of a turn.
pub(crate) fn start_children(arguments: &Arguments, voice: &mut Voice, what: Misbehaviour) -> io::Result<()> {
    voice.started()?;
    for _ in 0..CHILDREN {
        quiet_command(arguments, what)?.spawn()?;
    }
    voice.message("children are out")
}

/// The classic: the child's parent ends at once, so that nobody knows whose it was.
pub(crate) fn start_daemon(arguments: &Arguments) -> io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" \"$@\" &"]).arg(std::env::current_exe()?);
    shell.args(arguments_of(arguments, Misbehaviour::LurkApart));
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.status()?;
    Ok(())
}

fn quiet_command(arguments: &Arguments, what: Misbehaviour) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments_of(arguments, what)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn arguments_of(arguments: &Arguments, what: Misbehaviour) -> Vec<String> {
    let tag = arguments.tag.iter().flat_map(|tag| ["--tag".to_owned(), tag.clone()]);
    let name = what.to_possible_value().expect("no misbehaviour is hidden").get_name().to_owned();
    tag.chain([name]).collect()
}
