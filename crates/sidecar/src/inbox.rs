//! From bytes in pieces of any size to text: whole lines, or whatever has come so far. Pure.
//!
//! Lines are split as bytes and decoded whole, so no character is ever cut by a read.

mod faults;
mod splitter;
mod text;

use std::borrow::Cow;

pub(crate) use faults::FaultTally;
use splitter::{LineSplitter, Piece};
use text::TextStream;

use crate::{FaultKind, LineFault};

/// How a protocol cuts its agent's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// In lines; each is handed over whole, without its end.
    Lines,
    /// Not at all: each piece is handed over as it comes.
    Text,
}

/// A unit of input.
#[derive(Debug, PartialEq)]
pub(crate) struct Unit<'a> {
    /// What was read, if it can be used.
    pub(crate) text: Option<Cow<'a, str>>,
    /// What was wrong with it.
    pub(crate) fault: Option<LineFault>,
    /// How many bytes it was made of.
    pub(crate) bytes: usize,
}

/// Takes bytes in and gives units out.
#[derive(Debug)]
pub(crate) enum Inbox {
    Lines(LineSplitter),
    Text(TextStream),
}

impl Inbox {
    pub(crate) const fn new(framing: Framing, line_bytes_max: usize) -> Self {
        match framing {
            Framing::Lines => Self::Lines(LineSplitter::new(line_bytes_max)),
            Framing::Text => Self::Text(TextStream::new()),
        }
    }

    /// Where to append what was read; has room for a good read. Take all units out before asking again.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Lines(splitter) => splitter.space(),
            Self::Text(stream) => stream.space(),
        }
    }

    /// The next unit of what was appended; `None` when more must be read first.
    pub(crate) fn next_unit(&mut self) -> Option<Unit<'_>> {
        match self {
            Self::Lines(splitter) => splitter.next_piece().map(decode),
            Self::Text(stream) => stream.next_unit(),
        }
    }

    /// What is left when there is no more to read: half a line, half a character.
    pub(crate) fn last_unit(&mut self) -> Option<Unit<'_>> {
        match self {
            Self::Lines(splitter) => splitter.last_piece().map(decode),
            Self::Text(stream) => stream.last_unit(),
        }
    }
}

fn decode(piece: Piece<'_>) -> Unit<'_> {
    match piece {
        Piece::TooLong { bytes, head } => {
            let mut fault = LineFault::new(FaultKind::TooLong, &String::from_utf8_lossy(&head));
            fault.bytes = bytes;
            Unit { text: None, fault: Some(fault), bytes: 0 }
        }
        Piece::Line(line) => {
            let text = String::from_utf8_lossy(line);
            let fault = matches!(text, Cow::Owned(_)).then(|| LineFault::new(FaultKind::InvalidUtf8, &text));
            Unit { text: Some(text), fault, bytes: line.len() }
        }
    }
}

#[cfg(test)]
mod tests;
