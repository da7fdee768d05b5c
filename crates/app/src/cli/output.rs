//! Standard output: a window with colours, or a pipe without.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use switchboard_domain::SessionChange;
use switchboard_store::SessionState;

use super::Failure;
use super::narrator::{Utterance, Voice};
use crate::notify::{Kinds, terminal};
use crate::terminal::Table;

/// The size of a window that does not say how large it is.
const WINDOW_DEFAULT: Window = Window { columns: 80, rows: 24 };

/// Where a command prints what was asked for.
pub(crate) struct Output {
    stream: Box<dyn Write + Send>,
    remarks: Box<dyn Write + Send>,
    reader: Reader,
    painted_lines: usize,
    window: fn() -> Window,
    /// What the terminal's bell is rung for.
    bell: Kinds,
}

/// The size of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// How many characters fit into a line.
    pub(crate) columns: usize,
    /// How many lines there are.
    pub(crate) rows: usize,
}

/// Who reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person, in a window.
    Person,
    /// A program or a file.
    Program,
}

impl Output {
    /// The standard output of this process.
    pub(crate) fn standard() -> Self {
        let stdout = io::stdout();
        let reader = if stdout.is_terminal() { Reader::Person } else { Reader::Program };
        Self {
            stream: Box::new(anstream::AutoStream::auto(stdout)),
            remarks: Box::new(anstream::stderr()),
            reader,
            painted_lines: 0,
            window: measure,
            bell: Kinds::new(),
        }
    }

    /// An output whose every byte, remarks too, is kept for a test to look at.
    #[cfg(test)]
    pub(crate) fn kept(reader: Reader) -> (Self, impl Fn() -> String) {
        let kept = std::sync::Arc::<parking_lot::Mutex<Vec<u8>>>::default();
        let stream = || Box::new(tests::Kept(kept.clone()));
        let output = Self {
            stream: stream(),
            remarks: stream(),
            reader,
            painted_lines: 0,
            window: || WINDOW_DEFAULT,
            bell: Kinds::new(),
        };
        (output, move || anstream::adapter::strip_str(&String::from_utf8_lossy(&kept.lock())).to_string())
    }

    /// Who reads it.
    pub(crate) const fn reader(&self) -> Reader {
        self.reader
    }

    /// Rings the terminal's bell for these kinds of events from now on; never where a program reads.
    pub(crate) fn ring_for(&mut self, kinds: &Kinds) {
        if self.reader == Reader::Person {
            self.bell.clone_from(kinds);
        }
    }

    /// Whether anything is rung for.
    pub(crate) fn rings(&self) -> bool {
        !self.bell.is_empty()
    }

    /// Rings if `change`, which `session` has already, is something that is rung for.
    pub(crate) fn alert(&mut self, change: &SessionChange, session: &SessionState) -> Result<(), Failure> {
        if let Some(sequence) = terminal::alert(change, session, &self.bell) {
            write!(self.stream, "{sequence}")?;
            self.stream.flush()?;
        }
        Ok(())
    }

    /// Tells the person something that was not asked for, on standard error.
    ///
    /// Where that cannot be written to, there is nobody to tell.
    pub(crate) fn remark(&mut self, text: &str) {
        let _nobody = writeln!(self.remarks, "{text}");
    }

    /// Asks the person something, on standard error; the cursor stays behind the question.
    pub(crate) fn prompt(&mut self, text: &str) {
        let _nobody = write!(self.remarks, "{text}").and_then(|()| self.remarks.flush());
    }

    /// Says what a narrator found worth saying: to a person all in one place, to a program the agent's
    /// words on standard output and the rest on standard error.
    pub(crate) fn say_all(&mut self, utterances: impl IntoIterator<Item = Utterance>) -> Result<(), Failure> {
        for Utterance { voice, text } in utterances {
            match (self.reader, voice) {
                (Reader::Program, Voice::Aside) => {
                    let _nobody = self.remarks.write_all(text.as_bytes());
                }
                _ => self.stream.write_all(text.as_bytes())?,
            }
        }
        Ok(self.stream.flush()?)
    }

    /// Says everything that a narrator found worth saying in one place.
    pub(crate) fn tell(&mut self, utterances: impl IntoIterator<Item = Utterance>) -> Result<(), Failure> {
        for utterance in utterances {
            self.stream.write_all(utterance.text.as_bytes())?;
        }
        Ok(self.stream.flush()?)
    }

    /// Prints text as it is; it must be clean already.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stream.write_all(text.as_bytes())?;
        Ok(self.stream.flush()?)
    }

    /// Prints one line; it must be clean already.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.stream, "{line}")?)
    }

    /// Prints a table as its reader wants it.
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Failure> {
        self.text(&match self.reader {
            Reader::Person => table.for_window(self.window().columns),
            Reader::Program => table.for_pipe(),
        })
    }

    /// Prints a value as JSON: indented for a person, on one line for a program.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.reader {
            Reader::Person => serde_json::to_string_pretty(value),
            Reader::Program => serde_json::to_string(value),
        };
        self.line(&escape_controls(&text.map_err(io::Error::from)?))
    }

    /// Prints a value as one line of JSON, at once.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        self.line(&escape_controls(&text))?;
        Ok(self.stream.flush()?)
    }

    /// The size of the window right now.
    pub(crate) fn window(&self) -> Window {
        (self.window)()
    }

    /// Whether a picture can be painted again and again in the same place.
    pub(crate) fn can_redraw(&self) -> bool {
        self.reader == Reader::Person && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
    }

    /// Paints a picture in place of the last one; an empty one takes it away.
    ///
    /// No line of it may be wider than the window, and it must not be higher.
    pub(crate) fn paint(&mut self, picture: &str) -> Result<(), Failure> {
        if picture.is_empty() && self.painted_lines == 0 {
            return Ok(());
        }
        let up = match self.painted_lines {
            0 => String::new(),
            lines => format!("\x1b[{lines}A"),
        };
        // In one synchronized update, so that nobody sees it half painted.
        let frame = format!("\x1b[?2026h{up}\r\x1b[J{}\x1b[?2026l", colored(picture));
        self.painted_lines = picture.lines().count();
        // Past the stream that strips escape codes: moving the cursor is no matter of colour.
        let mut stdout = io::stdout();
        stdout.write_all(frame.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

/// JSON leaves DEL and the C1 controls of its texts as they are; a terminal obeys some of them.
fn escape_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\u{7f}'..='\u{9f}' => escaped.extend(["\\u00", &format!("{:02x}", u32::from(letter))]),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// `text` with its colours, or without where they are not wanted.
pub(super) fn colored(text: &str) -> String {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.to_owned(),
    }
}

/// The size of the window of this process.
pub(super) fn measure() -> Window {
    terminal_size::terminal_size()
        .map_or(WINDOW_DEFAULT, |(width, height)| Window { columns: width.0.into(), rows: height.0.into() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    /// Writes to memory.
    pub(super) struct Kept(pub(super) Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn json_has_no_raw_controls_and_still_means_the_same() {
        let text = "a\u{1b}\u{7f}\u{80}\u{9b}5m\u{9f}é\u{1f980}\n";
        let json = escape_controls(&serde_json::to_string(text).expect("it serializes"));
        assert!(!json.chars().any(char::is_control), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).expect("it parses"), text);
    }
}
