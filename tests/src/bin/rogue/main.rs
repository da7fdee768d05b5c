//! An agent that misbehaves, in one way at a time.
//!
//! Speaks the native protocol with hand-written lines, not with the library under test. Unless the
//! misbehaviour says otherwise a turn is: `session_started`, a message that repeats the prompt,
//! `session_completed`. Nothing here runs longer than [`LIFETIME_MAX`], so a test that fails to clean
//! up does not leave a process for ever.

mod body;
mod speech;
mod voice;

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde_json::Value;

use voice::Voice;

/// The longest any misbehaviour lasts.
const LIFETIME_MAX: Duration = Duration::from_mins(10);

/// An agent that misbehaves.
#[derive(Parser)]
struct Arguments {
    /// Appears on the command line of everything that is started, so that it can be found again
    #[arg(long)]
    tag: Option<String>,
    /// Append every line that was heard to this file
    #[arg(long)]
    heard: Option<PathBuf>,
    /// What to do wrong
    misbehaviour: Misbehaviour,
    /// How much of it: bytes, events, milliseconds or an exit code
    amount: Option<u64>,
}

/// What to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Misbehaviour {
    /// Nothing: the control
    Polite,
    /// What the prompt says: a misbehaviour and its AMOUNT, or nothing
    AsTold,
    /// Hears and never says anything
    Mute,
    /// Never reads, says nothing, and does not end with its input
    Deaf,
    /// Starts a turn and never ends it, whatever it is told
    Stubborn,
    /// Writes a banner, broken JSON and JSON of other shapes around a good turn
    Garble,
    /// Ends in the middle of a line
    HalfLine,
    /// Writes bytes that are no UTF-8
    InvalidUtf8,
    /// Writes a character of four bytes one byte at a time
    SplitUtf8,
    /// Writes one line of AMOUNT bytes, then a good turn
    GiantLine,
    /// Writes AMOUNT events as fast as it can
    Flood,
    /// Writes AMOUNT bytes to standard error
    StderrFlood,
    /// Writes AMOUNT numbered messages, as fast as it can
    Chatter,
    /// Writes a numbered message every AMOUNT milliseconds until it is stopped
    Ticker,
    /// For measuring: AMOUNT messages of the usual size, as fast as it can
    Talker,
    /// For measuring: AMOUNT events, a hundred a second, each with the time it was said; every tenth is a message
    Pacer,
    /// Wraps a message, a tool and an error in terminal escapes
    Escapes,
    /// Nests JSON AMOUNT levels deep
    DeepJson,
    /// Sends types and fields that nobody knows
    UnknownEvents,
    /// Speaks for another session
    ForeignSession,
    /// Goes on after the turn is over
    AfterCompletion,
    /// Asks for approval `apr_1` and repeats the answer
    Approval,
    /// Asks for approval under the same id twice
    DuplicateApprovals,
    /// Ends with exit code AMOUNT before it has said anything
    ExitAtOnce,
    /// Ends with exit code AMOUNT in the middle of a turn, with last words on standard error
    Crash,
    /// Ends by a signal in the middle of a turn
    KilledMidTurn,
    /// Reports the turn as failed
    Fail,
    /// Closes its output and stays
    CloseStdout,
    /// Starts children in its own process group and hangs
    Fork,
    /// Starts a child in a session of its own and hangs
    Setsid,
    /// Starts a child that leaves its group and its parent, and completes the turn
    Daemon,
    /// Ignores SIGTERM and SIGINT, and hangs
    IgnoreTerm,
    /// What the other misbehaviours start: does nothing, for long
    Lurk,
    /// As `lurk`, after leaving the process group and the session
    LurkApart,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match before_any_word(&arguments) {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => return complain(&error),
    }
    match listen(&arguments) {
        Ok(code) => code,
        // Whoever ran us has closed the pipe: what an agent does then is end.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn complain(error: &io::Error) -> ExitCode {
    voice::to_stderr(format!("rogue: {error}\n").as_bytes());
    ExitCode::from(70)
}

/// What does not wait to be spoken to. `Some` when that was all.
fn before_any_word(arguments: &Arguments) -> io::Result<Option<ExitCode>> {
    match arguments.misbehaviour {
        Misbehaviour::ExitAtOnce => return Ok(Some(exit_code(arguments.amount))),
        Misbehaviour::Lurk | Misbehaviour::Deaf => body::hang(),
        Misbehaviour::LurkApart => {
            body::leave_session()?;
            body::hang();
        }
        Misbehaviour::IgnoreTerm => body::become_deaf_to_signals(arguments)?,
        _ => return Ok(None),
    }
    Ok(Some(ExitCode::SUCCESS))
}

/// Answers until its input ends or it is told to end.
fn listen(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut voice = Voice::default();
    let mut obedient = true;
    for line in io::stdin().lock().lines() {
        let line = line?;
        note(arguments, &line)?;
        let Ok(heard) = serde_json::from_str::<Value>(&line) else { continue };
        let prompt = match heard["type"].as_str() {
            Some("start_session") => {
                heard["sessionId"].as_str().unwrap_or_default().clone_into(&mut voice.session_id);
                &heard["prompt"]
            }
            Some("send_message") => &heard["message"],
            Some("tool_approval_response") => {
                speech::repeat_answer(&mut voice, &heard)?;
                continue;
            }
            Some("end_session" | "abort_session") if obedient => break,
            _ => continue,
        };
        let prompt = prompt.as_str().unwrap_or_default();
        let (misbehaviour, amount) = what_to_do(arguments, prompt);
        obedient = !never_listens(misbehaviour);
        if let Some(code) = turn(arguments, misbehaviour, amount, &mut voice, prompt)? {
            return Ok(code);
        }
    }
    if !obedient {
        body::hang();
    }
    Ok(ExitCode::SUCCESS)
}

/// What it was started to do, or what the prompt says.
fn what_to_do(arguments: &Arguments, prompt: &str) -> (Misbehaviour, Option<u64>) {
    if arguments.misbehaviour != Misbehaviour::AsTold {
        return (arguments.misbehaviour, arguments.amount);
    }
    let mut words = prompt.split_whitespace();
    let misbehaviour = words.next().and_then(|word| Misbehaviour::from_str(word, false).ok());
    (misbehaviour.unwrap_or(Misbehaviour::Polite), words.next().and_then(|word| word.parse().ok()))
}

/// One turn, misbehaving. `Some` when it is the last.
fn turn(
    arguments: &Arguments,
    misbehaviour: Misbehaviour,
    amount: Option<u64>,
    voice: &mut Voice,
    prompt: &str,
) -> io::Result<Option<ExitCode>> {
    match misbehaviour {
        Misbehaviour::Mute => {}
        Misbehaviour::Deaf => body::hang(),
        Misbehaviour::ExitAtOnce => return Ok(Some(exit_code(amount))),
        Misbehaviour::Crash => return body::crash(voice, exit_code(amount)).map(Some),
        Misbehaviour::HalfLine => return speech::half_line(voice).map(|()| Some(ExitCode::SUCCESS)),
        Misbehaviour::KilledMidTurn => body::kill_itself(voice)?,
        Misbehaviour::CloseStdout => body::close_stdout(arguments)?,
        Misbehaviour::Fork => body::start_children(arguments, voice, Misbehaviour::Lurk)?,
        Misbehaviour::Setsid => body::start_children(arguments, voice, Misbehaviour::LurkApart)?,
        Misbehaviour::IgnoreTerm => {
            voice.started()?;
            body::become_deaf_to_signals(arguments)?;
        }
        Misbehaviour::Daemon => {
            body::start_daemon(arguments)?;
            speech::good_turn(voice, prompt)?;
        }
        _ => speech::turn(misbehaviour, amount, voice, prompt)?,
    }
    Ok(None)
}

fn never_listens(misbehaviour: Misbehaviour) -> bool {
    matches!(misbehaviour, Misbehaviour::Stubborn | Misbehaviour::Fork | Misbehaviour::Setsid)
}

fn exit_code(amount: Option<u64>) -> ExitCode {
    ExitCode::from(amount.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Appends to the ledger of what was heard, before anything is answered.
fn note(arguments: &Arguments, line: &str) -> io::Result<()> {
    use std::io::Write;
    let Some(path) = &arguments.heard else { return Ok(()) };
    let mut ledger = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    ledger.write_all(format!("{line}\n").as_bytes())
}
