//! The end of what an agent wrote to stderr.

use std::collections::VecDeque;

/// Keeps the last bytes of a stream.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: VecDeque<u8>,
    bytes_max: usize,
}

impl Tail {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self { bytes: VecDeque::new(), bytes_max }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.bytes_max)..];
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(self.bytes_max);
        self.bytes.drain(..surplus);
        self.bytes.extend(kept);
    }

    /// The text, beginning with a whole line when there is more than one.
    pub(super) fn to_text(&self) -> String {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        let is_cut = bytes.len() == self.bytes_max;
        let first_line_end = bytes.iter().position(|&byte| byte == b'\n').filter(|&at| is_cut && at + 1 < bytes.len());
        let whole = first_line_end.map_or(0, |at| at + 1);
        String::from_utf8_lossy(&bytes[whole..]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all_of_a_little(&["ab", "cd"], "abcd")]
    #[case::whole_lines_of_more(&["one\n", "two\n", "three\n"], "three\n")]
    #[case::one_long_line(&["abcdefghijklmnop"], "ghijklmnop")]
    #[case::a_long_line_with_its_end(&["abcdefghijklmno\n"], "ghijklmno\n")]
    fn only_the_end_is_kept(#[case] pieces: &[&str], #[case] text: &str) {
        let mut tail = Tail::new(10);
        for piece in pieces {
            tail.push(piece.as_bytes());
        }
        assert_eq!(tail.to_text(), text);
    }
}
