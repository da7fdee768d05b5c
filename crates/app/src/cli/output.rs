//! Standard output: a window with colours, or a pipe without.

use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use serde::Serialize;

use super::Failure;
use crate::terminal::Table;

/// The width of a window that does not say how wide it is.
const WINDOW_COLUMNS_DEFAULT: u16 = 80;

/// Where a command prints what was asked for.
pub(crate) struct Output {
    stream: AutoStream<Box<dyn Write + Send>>,
    reader: Reader,
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
        let choice = AutoStream::choice(&stdout);
        Self { stream: AutoStream::new(Box::new(stdout), choice), reader }
    }

    /// Who reads it.
    pub(crate) const fn reader(&self) -> Reader {
        self.reader
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
            Reader::Person => table.for_window(window_columns()),
            Reader::Program => table.for_pipe(),
        })
    }

    /// Prints a value as JSON: indented for a person, on one line for a program.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.reader {
            Reader::Person => serde_json::to_string_pretty(value),
            Reader::Program => serde_json::to_string(value),
        };
        self.line(&text.map_err(io::Error::from)?)
    }
}

/// The width of the window.
pub(crate) fn window_columns() -> usize {
    let columns = terminal_size::terminal_size().map_or(WINDOW_COLUMNS_DEFAULT, |(width, _)| width.0);
    usize::from(columns)
}
