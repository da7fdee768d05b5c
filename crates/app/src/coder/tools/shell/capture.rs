//! What a command writes, within bounds: its beginning and its end.

use std::collections::VecDeque;

/// Kept of the beginning, where a program says what it is about.
const HEAD_BYTES: usize = 12 << 10;

/// Kept of the end, where it says how it went.
const TAIL_BYTES: usize = 24 << 10;

/// What a command writes on both of its outputs, in the order in which it comes.
#[derive(Debug, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Capture {
    /// Adds what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, tail) = bytes.split_at(bytes.len().min(HEAD_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(tail);
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..excess);
        self.left_out += excess;
    }

    /// All that is kept; what is not UTF-8 is replaced.
    pub(super) fn into_text(self) -> String {
        let tail: Vec<u8> = self.tail.into();
        if self.left_out == 0 {
            return String::from_utf8_lossy(&[self.head, tail].concat()).into_owned();
        }
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
        format!("{head}\n… ({} bytes left out) …\n{tail}", self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept() {
        let mut capture = Capture::default();
        capture.push(b"begin");
        for _ in 0..100 {
            capture.push(&[b'x'; 10_000]);
        }
        capture.push(b"end");
        let text = capture.into_text();
        assert!(text.starts_with("begin") && text.ends_with("end") && text.contains("bytes left out"));
        assert!(text.len() < HEAD_BYTES + TAIL_BYTES + 100);
    }

    #[test]
    fn a_character_on_the_border_stays_whole() {
        let mut capture = Capture::default();
        capture.push(&[b'x'; HEAD_BYTES - 1]);
        capture.push("é".as_bytes());
        assert!(capture.into_text().ends_with("xé"));
    }
}
