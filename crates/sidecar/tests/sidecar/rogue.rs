//! An agent that misbehaves in whatever way its first argument names; the other side of the tests.
//!
//! Speaks the native protocol by hand, so that it shares no mistake with the code under test. It is an
//! example only because that is how cargo builds a second program for tests.

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::{Command, Stdio, exit};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process, setsid};

/// Longer than any test: a process that lasts so long was left behind.
const FOR_EVER: Duration = Duration::from_mins(10);

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !is_badge(arg)).collect();
    match args.as_slice() {
        ["mute"] => wait_for_end(),
        ["deaf"] => {
            thread::sleep(FOR_EVER);
            Ok(())
        }
        ["good"] => good(),
        ["junk", lines] => junk(number(lines)),
        ["half"] => write_out(b"{\"type\":\"content_del"),
        ["split-character"] => split_character(),
        ["long", bytes] => long(number(bytes)),
        ["flood", events] => flood(number(events)),
        ["stderr", bytes] => stderr(number(bytes)),
        ["exit", code] => exit(i32::try_from(number(code)).unwrap_or(1)),
        ["signal"] => Ok(kill_process(getpid(), Signal::KILL)?),
        ["late"] => late(),
        ["foreign"] => foreign(),
        ["unknown"] => unknown(),
        ["echo"] => echo(),
        ["stubborn"] => stubborn(),
        ["family"] => family(),
        ["leave-child", "quiet"] => child(&["deaf"], Stdio::null(), Environment::Kept),
        ["leave-child", "loud"] => child(&["last-words"], Stdio::inherit(), Environment::Kept),
        ["last-words"] => last_words(),
        ["escape", how] => escape(how),
        ["setsid-then", rest @ ..] => setsid_then(rest),
        _ => Err(io::Error::other(format!("no such misbehaviour: {args:?}"))),
    }
}

/// An argument that every process hands on to those it starts: how a test tells its own rogues from others',
/// whatever else they drop.
fn is_badge(arg: &str) -> bool {
    arg.starts_with("badge=")
}

/// Another of our kind, to be started.
fn another(args: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(args).args(env::args().filter(|arg| is_badge(arg)));
    Ok(command)
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| exit(2))
}

fn session() -> String {
    env::var("SWITCHBOARD_SESSION").unwrap_or_default()
}

fn delta(text: &str) -> String {
    format!("{{\"type\":\"content_delta\",\"sessionId\":\"{}\",\"delta\":\"{text}\"}}\n", session())
}

fn completed() -> String {
    format!("{{\"type\":\"session_completed\",\"sessionId\":\"{}\"}}\n", session())
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn say(text: &str) -> io::Result<()> {
    write_out(delta(text).as_bytes())
}

fn wait_for_end() -> io::Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

fn good() -> io::Result<()> {
    say("good")?;
    write_out(completed().as_bytes())?;
    wait_for_end()
}

fn junk(lines: usize) -> io::Result<()> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    for line in 0..lines {
        writeln!(stdout, "\u{1b}[1mWelcome {line}!\u{1b}[0m")?;
    }
    stdout.write_all(&[0xFF, 0xFE, 0x00, b'\n'])?;
    stdout.flush()?;
    drop(stdout);
    good()
}

fn split_character() -> io::Result<()> {
    let line = delta("€");
    let middle = line.find('€').unwrap_or_default() + 1;
    write_out(&line.as_bytes()[..middle])?;
    thread::sleep(Duration::from_millis(20));
    write_out(&line.as_bytes()[middle..])
}

fn long(bytes: usize) -> io::Result<()> {
    let chunk = vec![b'x'; 1 << 16];
    let mut stdout = io::stdout().lock();
    for _ in 0..bytes / chunk.len() {
        stdout.write_all(&chunk)?;
    }
    stdout.write_all(b"\n")?;
    drop(stdout);
    good()
}

fn flood(events: usize) -> io::Result<()> {
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    for event in 0..events {
        stdout.write_all(delta(&event.to_string()).as_bytes())?;
    }
    stdout.write_all(completed().as_bytes())?;
    stdout.flush()?;
    drop(stdout);
    wait_for_end()
}

fn stderr(bytes: usize) -> io::Result<()> {
    let chunk = "e".repeat(999) + "\n";
    for _ in 0..bytes / chunk.len() {
        io::stderr().write_all(chunk.as_bytes())?;
    }
    io::stderr().write_all(b"the end\n")?;
    say("good")
}

fn late() -> io::Result<()> {
    write_out(completed().as_bytes())?;
    say("late")?;
    wait_for_end()
}

fn foreign() -> io::Result<()> {
    let other = "00000000-0000-7000-8000-00000000beef";
    write_out(delta("foreign").replace(&session(), other).as_bytes())?;
    good()
}

fn unknown() -> io::Result<()> {
    write_out(format!("{{\"type\":\"plan_updated\",\"sessionId\":\"{}\",\"steps\":3}}\n", session()).as_bytes())?;
    good()
}

/// Answers each line it reads with its length.
fn echo() -> io::Result<()> {
    for line in io::stdin().lines() {
        say(&line?.len().to_string())?;
    }
    Ok(())
}

/// Ends neither at the end of its input nor at `SIGTERM`.
fn stubborn() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        say("ready")?;
        while terminate.recv().await.is_some() {
            say("no")?;
        }
        Ok(())
    })
}

#[derive(Clone, Copy)]
enum Environment {
    Kept,
    Cleared,
}

/// Starts another of our kind and does not wait for it.
fn child(args: &[&str], output: Stdio, environment: Environment) -> io::Result<()> {
    let mut command = another(args)?;
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    if matches!(environment, Environment::Cleared) {
        command.env_clear();
    }
    command.spawn().map(drop)
}

/// Children and grandchildren in its own group, some of which ignore `SIGTERM`.
fn family() -> io::Result<()> {
    for kind in ["deaf", "stubborn", "deaf"] {
        child(&[kind], Stdio::null(), Environment::Kept)?;
    }
    good()
}

fn last_words() -> io::Result<()> {
    thread::sleep(Duration::from_millis(100));
    say("last words")
}

/// Gets a process out of our group, our session and our family, then lives on.
fn escape(how: &str) -> io::Result<()> {
    match how {
        // Its own session, but our child.
        "setsid" => child(&["setsid-then", "stubborn"], Stdio::null(), Environment::Kept)?,
        // Its own session, and its parent is gone.
        "double-fork" => child(&["setsid-then", "leave-child", "quiet"], Stdio::null(), Environment::Kept)?,
        // Without a mark, but it holds our pipe.
        "unmarked-with-pipe" => {
            child(&["setsid-then", "escape", "orphan-with-pipe"], Stdio::inherit(), Environment::Cleared)?;
        }
        "orphan-with-pipe" => return child(&["deaf"], Stdio::inherit(), Environment::Cleared),
        // Without a mark or pipe, but our child.
        "unmarked" => child(&["setsid-then", "stubborn"], Stdio::null(), Environment::Cleared)?,
        // One that starts another every few milliseconds.
        "breeder" => child(&["setsid-then", "escape", "breed"], Stdio::null(), Environment::Kept)?,
        "breed" => loop {
            child(&["setsid-then", "deaf"], Stdio::null(), Environment::Kept)?;
            thread::sleep(Duration::from_millis(5));
        },
        _ => exit(2),
    }
    // Whoever is to escape has done so by now.
    thread::sleep(Duration::from_millis(50));
    good()
}

fn setsid_then(rest: &[&str]) -> io::Result<()> {
    setsid()?;
    let status = another(rest)?.status()?;
    exit(status.code().unwrap_or(1))
}
