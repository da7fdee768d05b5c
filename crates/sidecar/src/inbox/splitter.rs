//! Splits bytes into lines in bounded memory.

use crate::line::SAMPLE_CHARS_MAX;

/// Room for one read: half of what a pipe holds, so that a flooding agent costs few system calls.
pub(super) const READ_BYTES: usize = 32 << 10;

/// Enough of an over-long line to fill its sample, whatever the width of its characters.
const HEAD_BYTES: usize = SAMPLE_CHARS_MAX * 4;

/// A line, or what is known of one that was too long.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Line(&'a [u8]),
    TooLong { bytes: u64, head: Vec<u8> },
}

#[derive(Debug)]
pub(crate) struct LineSplitter {
    buffer: Vec<u8>,
    /// Where the current line begins.
    start: usize,
    /// Up to here there is no further line end.
    scanned: usize,
    line_bytes_max: usize,
    /// What was thrown away of a line that is too long and has not ended yet.
    skipped: Option<Skipped>,
}

#[derive(Debug)]
struct Skipped {
    bytes: u64,
    head: Vec<u8>,
}

impl LineSplitter {
    pub(super) const fn new(line_bytes_max: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, scanned: 0, line_bytes_max, skipped: None }
    }

    /// The buffer to append to. Holds at most one line of the allowed length and one read.
    pub(super) fn space(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 4 * READ_BYTES {
            self.buffer = Vec::new();
        }
        if self.buffer.capacity() - self.buffer.len() < READ_BYTES {
            let doubled = self.buffer.len().min(self.line_bytes_max + READ_BYTES - self.buffer.len());
            self.buffer.reserve_exact(doubled.max(READ_BYTES));
        }
        &mut self.buffer
    }

    pub(super) fn next_piece(&mut self) -> Option<Piece<'_>> {
        let Some(offset) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            if self.skipped.is_some() || self.buffer.len() - self.start > self.line_bytes_max {
                self.skip();
            }
            return None;
        };
        let line = self.start..self.scanned + offset;
        self.start = line.end + 1;
        self.scanned = self.start;
        Some(self.piece(line))
    }

    pub(super) fn last_piece(&mut self) -> Option<Piece<'_>> {
        let line = self.start..self.buffer.len();
        self.start = line.end;
        self.scanned = line.end;
        (self.skipped.is_some() || !line.is_empty()).then(|| self.piece(line))
    }

    fn piece(&mut self, line: std::ops::Range<usize>) -> Piece<'_> {
        let bytes = &self.buffer[line];
        match self.skipped.take() {
            Some(skipped) => Piece::TooLong { bytes: skipped.bytes + bytes.len() as u64, head: skipped.head },
            None if bytes.len() > self.line_bytes_max => {
                Piece::TooLong { bytes: bytes.len() as u64, head: head(bytes) }
            }
            None => Piece::Line(bytes.strip_suffix(b"\r").unwrap_or(bytes)),
        }
    }

    /// Throws away what there is of the current line, and remembers that.
    fn skip(&mut self) {
        let part = &self.buffer[self.start..];
        let skipped = self.skipped.get_or_insert_with(|| Skipped { bytes: 0, head: head(part) });
        skipped.bytes += part.len() as u64;
        self.buffer.clear();
        self.start = 0;
        self.scanned = 0;
    }
}

fn head(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(HEAD_BYTES)].to_vec()
}
