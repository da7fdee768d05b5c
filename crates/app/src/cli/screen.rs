//! A window in two parts: text that runs through it and stays in the terminal's memory, and a pane below it
//! that is painted again and again.
//!
//! Nothing is painted outside of the lines below the running text, so what ran through can be scrolled back
//! to, searched and copied as ever.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::output::{Window, colored};

/// The first character of an escape sequence; the only ones here are the colours of our own styles.
const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";

/// What is painted below the running text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pane {
    /// Its rows, none of them as wide as the window.
    pub(super) rows: Vec<String>,
    /// Where the cursor stands: row and column. Hidden when there is none.
    pub(super) cursor: Option<(usize, usize)>,
}

/// The window.
pub(super) struct Screen<W> {
    out: W,
    window: Window,
    /// The line under way of the running text.
    line: String,
    /// The width of each row that is painted, from the line under way on.
    painted: Vec<usize>,
    /// Which of them the cursor is in.
    cursor_row: usize,
}

impl<W: Write> Screen<W> {
    /// A window with nothing in it yet; the cursor stands at the beginning of a line.
    pub(super) const fn new(out: W, window: Window) -> Self {
        Self { out, window, line: String::new(), painted: Vec::new(), cursor_row: 0 }
    }

    /// Its size.
    pub(super) const fn window(&self) -> Window {
        self.window
    }

    /// It has another size now: what is painted may stand on more rows than before.
    pub(super) fn resize(&mut self, window: Window) {
        let rows = |width: &usize| width.div_ceil(window.columns.max(1)).max(1);
        self.cursor_row = self.painted.iter().take(self.cursor_row).map(rows).sum();
        self.window = window;
    }

    /// Lets `text` run through, and paints `pane` below it.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) fn show(&mut self, text: &str, pane: &Pane) -> io::Result<()> {
        let mut frame = self.wiped();
        self.line.push_str(&colored(text));
        self.run_through(&mut frame);
        let mut rows = if self.line.is_empty() { Vec::new() } else { vec![self.line.clone()] };
        let above = rows.len();
        rows.extend(pane.rows.iter().map(|row| colored(row)));
        self.painted = rows.iter().map(|row| width(row)).collect();
        frame.push_str(&rows.join("\r\n"));
        self.cursor_row = self.painted.len().saturating_sub(1);
        if let Some((row, column)) = pane.cursor {
            let row = above + row;
            let up = self.cursor_row.saturating_sub(row);
            self.cursor_row = row;
            frame.extend([up_by(up).as_str(), "\r", &right_by(column), "\u{1b}[?25h"]);
        }
        self.send(&frame)
    }

    /// Takes the pane away and ends the line under way; the terminal is as any program leaves it.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        let mut frame = self.wiped();
        if !self.line.is_empty() {
            frame.push_str(&std::mem::take(&mut self.line));
            frame.push_str("\r\n");
        }
        frame.push_str("\u{1b}[?25h");
        (self.painted, self.cursor_row) = (Vec::new(), 0);
        self.send(&frame)
    }

    /// The beginning of a frame: everything that was painted is gone.
    fn wiped(&self) -> String {
        format!("\u{1b}[?25l{}\r\u{1b}[J", up_by(self.cursor_row))
    }

    /// Moves whole lines out of the line under way, and whole rows of one that is wider than the window.
    fn run_through(&mut self, frame: &mut String) {
        while let Some((row, rest)) = first_row(&self.line, self.window.columns) {
            frame.push_str(&row);
            frame.push_str("\r\n");
            self.line = rest;
        }
    }

    fn send(&mut self, frame: &str) -> io::Result<()> {
        // In one synchronized update, so that nobody sees it half painted.
        let frame = format!("\u{1b}[?2026h{frame}\u{1b}[?2026l");
        self.out.write_all(frame.as_bytes())?;
        self.out.flush()
    }
}

/// Zero would mean one to a terminal.
fn up_by(rows: usize) -> String {
    if rows > 0 { format!("\u{1b}[{rows}A") } else { String::new() }
}

fn right_by(columns: usize) -> String {
    if columns > 0 { format!("\u{1b}[{columns}C") } else { String::new() }
}

/// The first row of a text in a window of so many columns, and what comes after it; none when the text
/// stays on one row that may still go on. A colour that is on goes on in the rest.
fn first_row(text: &str, columns: usize) -> Option<(String, String)> {
    let (mut used, mut style, mut letters) = (0, String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            ESCAPE => {
                let sequence: String = std::iter::once(ESCAPE)
                    .chain(letters.by_ref().map(|(_, it)| it).take_while(|it| *it != 'm'))
                    .collect();
                style = if sequence == "\u{1b}[0" { String::new() } else { style + &sequence + "m" };
            }
            '\n' => return Some((text[..at].to_owned(), text[at + 1..].to_owned())),
            _ => {
                used += if letter == '\t' { 8 - used % 8 } else { letter.width().unwrap_or(0) };
                // The last column stays free: terminals differ in what they do when it is taken.
                if used >= columns.max(2) {
                    let reset = if style.is_empty() { "" } else { RESET };
                    return Some((format!("{}{reset}", &text[..at]), format!("{style}{}", &text[at..])));
                }
            }
        }
    }
    None
}

fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

#[cfg(test)]
mod tests;
