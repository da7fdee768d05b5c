//! Speaks as Claude Code or as Codex does, and does what the words in a prompt say.
//!
//! It speaks with hand-written lines, not with the library under test, and only if it was given the arguments that the
//! real program needs for that. `SLOW` streams words until it is interrupted, `TOOL` asks for approval of a
//! tool call, `FAIL` fails the turn, `CRASH` ends the process in the middle of it; anything else is repeated.
//! Of earlier conversations it knows only [`KNOWN`]. With `--deaf-to-eof` it does not end with its input.

mod claude;
mod codex;

use std::io::{self, BufRead, Write};
use std::process::{ExitCode, exit};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The conversation that can be resumed.
const KNOWN: &str = "known";

/// What a crash leaves as the exit code.
const CRASH_CODE: i32 = 3;

/// Between two streamed words.
const PACE: Duration = Duration::from_millis(5);

/// The longest it lives without input, so that a test which fails to clean up leaves nothing for ever.
const LIFETIME_MAX: Duration = Duration::from_mins(10);

/// What a line of input means.
enum Told {
    Prompt(String),
    Interrupt,
    Answer {
        allowed: bool,
    },
    /// Was dealt with already.
    Nothing,
}

/// How a turn ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Failed,
    Interrupted,
}

/// A way to say things.
trait Dialect {
    fn hear(&mut self, line: &Value) -> Told;
    fn begin(&mut self);
    fn piece(&mut self, text: &str);
    fn message(&mut self, text: &str);
    fn ask(&mut self);
    fn withdraw(&mut self);
    fn tool_ended(&mut self, allowed: bool);
    fn end(&mut self, end: End);
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |arg: &str| args.iter().any(|given| given == arg);
    let dialect: Box<dyn Dialect> = if has("app-server") {
        Box::new(codex::Codex::default())
    } else if claude::ARGUMENTS.iter().all(|needed| has(needed)) {
        let resume = args.iter().find_map(|arg| arg.strip_prefix("--resume="));
        match claude::Claude::new(resume) {
            Some(claude) => Box::new(claude),
            None => return ExitCode::FAILURE,
        }
    } else {
        say_raw("neither of the programs was asked for");
        return ExitCode::FAILURE;
    };
    Player { dialect, lines: read_lines() }.run();
    if has("--deaf-to-eof") {
        thread::sleep(LIFETIME_MAX);
    }
    ExitCode::SUCCESS
}

/// The lines of standard input, until it ends.
fn read_lines() -> Receiver<Value> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let line = serde_json::from_str(&line).expect("a JSON line");
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn say(line: &Value) {
    say_raw(&line.to_string());
}

fn say_raw(line: &str) {
    // Nobody listens any more: then there is no reason to go on either.
    if writeln!(io::stdout().lock(), "{line}").is_err() {
        exit(1);
    }
}

struct Player {
    dialect: Box<dyn Dialect>,
    lines: Receiver<Value>,
}

impl Player {
    fn run(&mut self) {
        while let Ok(line) = self.lines.recv_timeout(LIFETIME_MAX) {
            if let Told::Prompt(prompt) = self.dialect.hear(&line) {
                self.dialect.begin();
                let end = self.turn(&prompt);
                self.dialect.end(end);
            }
        }
    }

    fn turn(&mut self, prompt: &str) -> End {
        self.dialect.piece("well, ");
        match prompt.split_whitespace().next() {
            Some("SLOW") => self.stream(),
            Some("TOOL") => self.use_tool(),
            Some("FAIL") => End::Failed,
            Some("CRASH") => exit(CRASH_CODE),
            _ => {
                self.dialect.message(&format!("well, you said: {prompt}"));
                End::Well
            }
        }
    }

    fn stream(&mut self) -> End {
        loop {
            match self.lines.recv_timeout(PACE) {
                Ok(line) if matches!(self.dialect.hear(&line), Told::Interrupt) => return End::Interrupted,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => self.dialect.piece("word "),
                // As the real programs do, it goes on without its input, if not for ever.
                Err(RecvTimeoutError::Disconnected) => {
                    thread::sleep(LIFETIME_MAX);
                    return End::Failed;
                }
            }
        }
    }

    fn use_tool(&mut self) -> End {
        self.dialect.message("well, a tool");
        self.dialect.ask();
        while let Ok(line) = self.lines.recv_timeout(LIFETIME_MAX) {
            match self.dialect.hear(&line) {
                Told::Answer { allowed } => {
                    self.dialect.tool_ended(allowed);
                    self.dialect.message("done");
                    return End::Well;
                }
                Told::Interrupt => {
                    self.dialect.withdraw();
                    return End::Interrupted;
                }
                Told::Prompt(_) | Told::Nothing => {}
            }
        }
        End::Failed
    }
}
