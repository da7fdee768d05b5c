//! Breaks prose at blanks, so that no word is cut at the edge of the window.

use unicode_width::UnicodeWidthStr;

/// From this many blanks on, the beginning of a line is indented code in Markdown.
const CODE_INDENT: usize = 4;

/// Opens and closes a block of code in Markdown.
const FENCE: &str = "```";

/// Breaks lines of a stream of clean text, in pieces cut anywhere. Holds back the word under way.
///
/// Only prose is touched: code and tables stay as they are, for the terminal to break. Nothing but
/// the blanks at a break is left out.
#[derive(Debug)]
pub(crate) struct Wrapper {
    columns: usize,
    column: usize,
    blanks: String,
    word: String,
    /// The first characters of the line, to see where a block of code ends.
    line_start: String,
    in_code: bool,
    as_it_is: bool,
}

impl Wrapper {
    /// For a window of so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        let (blanks, word, line_start) = (String::new(), String::new(), String::new());
        Self { columns, column: 0, blanks, word, line_start, in_code: false, as_it_is: false }
    }

    /// The next piece, as far as it can be placed.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        let mut placed = String::with_capacity(piece.len() + 8);
        for char in piece.chars() {
            self.step(char, &mut placed);
        }
        placed
    }

    /// Places what was held back. The line goes on.
    pub(crate) fn flush(&mut self) -> String {
        let mut placed = String::new();
        self.place_word(&mut placed);
        placed.push_str(&std::mem::take(&mut self.blanks));
        placed
    }

    fn step(&mut self, char: char, placed: &mut String) {
        match char {
            '\n' => self.end_line(placed),
            _ if self.as_it_is => {
                self.note_line_start(char);
                placed.push(char);
            }
            ' ' | '\t' => {
                self.place_word(placed);
                let rest = if self.as_it_is { &mut *placed } else { &mut self.blanks };
                rest.push(char);
            }
            _ => {
                self.note_line_start(char);
                self.word.push(char);
                if self.word.len() >= self.columns * 4 {
                    // No word, whatever it is; it must not be held back for ever.
                    self.place_word(placed);
                }
            }
        }
    }

    fn note_line_start(&mut self, char: char) {
        if self.line_start.len() < FENCE.len() {
            self.line_start.push(char);
        }
    }

    fn end_line(&mut self, placed: &mut String) {
        self.place_word(placed);
        self.blanks.clear();
        if self.line_start == FENCE {
            self.in_code = !self.in_code;
        }
        (self.column, self.as_it_is) = (0, self.in_code);
        self.line_start.clear();
        placed.push('\n');
    }

    fn place_word(&mut self, placed: &mut String) {
        if self.word.is_empty() {
            return;
        }
        let (word, blanks) = (std::mem::take(&mut self.word), std::mem::take(&mut self.blanks));
        let width = word.width();
        if self.column == 0 {
            let is_code = word.starts_with(FENCE) || word.starts_with('|') || blanks.len() >= CODE_INDENT;
            self.as_it_is = is_code;
        }
        if self.column > 0 && self.column + blanks.len() + width > self.columns {
            placed.push('\n');
            self.column = 0;
        } else {
            placed.push_str(&blanks);
            self.column += blanks.len();
        }
        placed.push_str(&word);
        self.column += width;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn wrapped(text: &str, columns: usize) -> String {
        let mut wrapper = Wrapper::new(columns);
        let placed = wrapper.push(text);
        placed + &wrapper.flush()
    }

    #[rstest]
    #[case::fits("a b c\n", "a b c\n")]
    #[case::breaks_at_a_blank("one two three four", "one two\nthree four")]
    #[case::exactly("1234567890 x", "1234567890\nx")]
    #[case::a_long_word_stays_whole("a https://example.org/b", "a\nhttps://example.org/b")]
    #[case::wide_characters("日本 語語語語", "日本\n語語語語")]
    #[case::blanks_inside_a_line("a  b", "a  b")]
    #[case::an_indented_line("  one two three", "  one two\nthree")]
    #[case::code("```\none two three four\n```\none two three", "```\none two three four\n```\none two\nthree")]
    #[case::indented_code("    one two three four", "    one two three four")]
    #[case::a_table("| one | two | three |", "| one | two | three |")]
    fn prose_is_broken_and_code_is_not(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(wrapped(text, 10), expected);
    }

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_of_words_is_too_wide(text in "([a-zé日]{1,8}[ \n]){0,30}", columns in 20_usize..60) {
            let wrapped = wrapped(&text, columns);
            prop_assert_eq!(words(&wrapped), words(&text));
            prop_assert!(wrapped.lines().all(|line| line.trim_end().width() <= columns));
        }

        #[test]
        fn where_the_pieces_are_cut_makes_no_difference(text in "[a-z `|\n\t]{0,80}", cut in 0_usize..80) {
            let cut = cut.min(text.len());
            let mut wrapper = Wrapper::new(20);
            let pieces = wrapper.push(&text[..cut]) + &wrapper.push(&text[cut..]);
            prop_assert_eq!(pieces + &wrapper.flush(), wrapped(&text, 20));
        }
    }
}
