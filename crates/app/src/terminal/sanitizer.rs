//! Makes text from an agent harmless to the terminal it is shown on.
//!
//! An agent's words are hostile until shown otherwise: an escape sequence could move the cursor over
//! an approval, rename the window, fill the clipboard or answer on the keyboard; a lone carriage
//! return or a bidirectional override shows another command than the one that would run.

use std::ops::RangeInclusive;

/// The most characters of one escape sequence that are swallowed. What claims to be longer (an
/// opening without an end) is shown as text from there on, so that an agent cannot hide much.
const SEQUENCE_CHARS_MAX: usize = 4_096;

/// A line on a terminal is cut here: a hundred rows of one line help nobody, and megabytes of one
/// would scroll everything else away. The transcript keeps all of it.
pub(crate) const LINE_CHARS_MAX: usize = 8_000;

const CUT_MARK: &str = " […]";

/// Where in an escape sequence the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ground,
    /// After a carriage return that may turn out to be half of a line end.
    Return,
    /// After `ESC`.
    Escape,
    /// In `ESC [ …`, until its final character.
    Control {
        swallowed: usize,
    },
    /// In a string such as `ESC ] …`, until BEL or `ESC \`.
    Text {
        swallowed: usize,
    },
    /// After an `ESC` in such a string.
    TextEscape {
        swallowed: usize,
    },
}

/// Cleans a stream of text, in pieces cut anywhere.
///
/// Whole escape sequences are dropped, so that coloured output of a program reads as plain text; so
/// are all other control characters, direction overrides and invisible characters. Line ends, tabs
/// and everything visible are kept; a lone carriage return becomes a line end, since what it would
/// have overwritten must stay readable.
#[derive(Debug)]
pub(crate) struct Sanitizer {
    place: Place,
    line_chars_max: usize,
    line_chars: usize,
}

impl Sanitizer {
    /// For a terminal: over-long lines are cut, and marked where.
    pub(crate) const fn for_terminal() -> Self {
        Self { place: Place::Ground, line_chars_max: LINE_CHARS_MAX, line_chars: 0 }
    }

    /// For a file or a pipe: lines stay whole.
    pub(crate) const fn for_pipe() -> Self {
        Self { place: Place::Ground, line_chars_max: usize::MAX, line_chars: 0 }
    }

    /// The clean form of the next piece. May hold back a carriage return until the piece after it.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        let mut clean = String::with_capacity(piece.len());
        for char in piece.chars() {
            self.step(char, &mut clean);
        }
        clean
    }

    /// Forgets an unfinished sequence, as at the end of a message. Whatever was held back is returned.
    pub(crate) fn finish(&mut self) -> &'static str {
        let held_back = self.place == Place::Return;
        self.place = Place::Ground;
        self.line_chars = 0;
        if held_back { "\n" } else { "" }
    }

    fn step(&mut self, char: char, clean: &mut String) {
        match self.place {
            Place::Ground => self.ground(char, clean),
            Place::Return => {
                self.place = Place::Ground;
                self.emit('\n', clean);
                if char != '\n' {
                    self.ground(char, clean);
                }
            }
            Place::Escape => self.escape(char, clean),
            Place::Control { swallowed } => self.control(char, swallowed, clean),
            Place::Text { swallowed } => self.text(char, swallowed, clean),
            Place::TextEscape { swallowed } => {
                self.place = Place::Ground;
                if char != '\\' {
                    // Not the end of the string after all, or another sequence begins.
                    self.place = Place::Text { swallowed };
                    self.text(char, swallowed, clean);
                }
            }
        }
    }

    fn ground(&mut self, char: char, clean: &mut String) {
        match char {
            '\r' => self.place = Place::Return,
            '\u{1b}' => self.place = Place::Escape,
            '\u{9b}' => self.place = Place::Control { swallowed: 0 },
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => self.place = Place::Text { swallowed: 0 },
            _ if is_harmless(char) => self.emit(char, clean),
            _ => {}
        }
    }

    fn escape(&mut self, char: char, clean: &mut String) {
        match char {
            '[' => self.place = Place::Control { swallowed: 0 },
            ']' | 'P' | 'X' | '^' | '_' => self.place = Place::Text { swallowed: 0 },
            // Intermediates of a longer sequence, such as `ESC ( B`.
            ' '..='/' => {}
            '0'..='~' => self.place = Place::Ground,
            _ => self.abandon(char, clean),
        }
    }

    fn control(&mut self, char: char, swallowed: usize, clean: &mut String) {
        match char {
            '@'..='~' => self.place = Place::Ground,
            ' '..='?' if swallowed < SEQUENCE_CHARS_MAX => self.place = Place::Control { swallowed: swallowed + 1 },
            _ => self.abandon(char, clean),
        }
    }

    fn text(&mut self, char: char, swallowed: usize, clean: &mut String) {
        match char {
            '\u{7}' | '\u{9c}' => self.place = Place::Ground,
            '\u{1b}' => self.place = Place::TextEscape { swallowed },
            // No sequence spans lines; going on would let a stray opening hide the rest of the text.
            '\n' | '\r' => self.abandon(char, clean),
            _ if swallowed >= SEQUENCE_CHARS_MAX => self.abandon(char, clean),
            _ => self.place = Place::Text { swallowed: swallowed + 1 },
        }
    }

    /// What looked like a sequence was none: goes on as text with `char`.
    fn abandon(&mut self, char: char, clean: &mut String) {
        self.place = Place::Ground;
        self.ground(char, clean);
    }

    fn emit(&mut self, char: char, clean: &mut String) {
        if char == '\n' {
            self.line_chars = 0;
            clean.push(char);
            return;
        }
        self.line_chars = self.line_chars.saturating_add(1);
        if self.line_chars <= self.line_chars_max {
            clean.push(char);
        } else if self.line_chars == self.line_chars_max + 1 {
            clean.push_str(CUT_MARK);
        }
    }
}

/// `text` with every character that a terminal would act on, or that would not be seen, spelled out:
/// for what a person is about to approve. Line ends and tabs are kept; nothing is left out.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            _ if is_harmless(char) => shown.push(char),
            // The Unicode block "Control Pictures" follows the order of the control characters.
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(char))),
            '\u{7f}' => shown.push('␡'),
            _ => shown.extend(char.escape_unicode()),
        }
    }
    shown
}

/// `text` on one clean line: for titles, names and cells of a table.
pub(crate) fn single_line(text: &str) -> String {
    let clean = Sanitizer::for_pipe().push(text);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that are no control characters and yet show nothing, or reorder what stands around
/// them. The joiners U+200C and U+200D are not among them, since scripts and emoji need them.
const UNSEEN: [RangeInclusive<char>; 9] = [
    // Soft hyphen, Arabic letter mark.
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    // Zero-width space; direction marks.
    '\u{200b}'..='\u{200b}',
    '\u{200e}'..='\u{200f}',
    // Line and paragraph separators, direction overrides.
    '\u{2028}'..='\u{202e}',
    // Invisible operators, direction isolates, deprecated format characters.
    '\u{2060}'..='\u{206f}',
    // Byte order mark; annotations; tags, in which whole hidden texts can be written.
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{e0000}'..='\u{e007f}',
];

/// Whether a terminal shows the character and does nothing else with it. `\n` and `\t` count.
fn is_harmless(char: char) -> bool {
    matches!(char, '\n' | '\t') || !(char.is_control() || UNSEEN.iter().any(|range| range.contains(&char)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn clean(text: &str) -> String {
        let mut sanitizer = Sanitizer::for_terminal();
        let clean = sanitizer.push(text);
        clean + sanitizer.finish()
    }

    #[rstest]
    #[case::plain("héllo\tworld\n", "héllo\tworld\n")]
    #[case::colours("\u{1b}[1;31mred\u{1b}[0m", "red")]
    #[case::window_title("\u{1b}]0;owned\u{7}text", "text")]
    #[case::clipboard("\u{1b}]52;c;ZXZpbA==\u{1b}\\text", "text")]
    #[case::hyperlink("\u{1b}]8;;http://evil\u{1b}\\click\u{1b}]8;;\u{1b}\\", "click")]
    #[case::device_control("\u{1b}P+q544e\u{1b}\\x", "x")]
    #[case::charset("\u{1b}(0lqk\u{1b}(B", "lqk")]
    #[case::reset("\u{1b}cgone?", "gone?")]
    #[case::eight_bit_forms("\u{9b}31mred\u{9d}0;t\u{9c}!", "red!")]
    #[case::bell_and_backspace("rm\u{7}\u{8}\u{8}ls", "rmls")]
    #[case::lone_return_cannot_overwrite("rm -rf /\rls      ", "rm -rf /\nls      ")]
    #[case::line_ends("a\r\nb\r\n", "a\nb\n")]
    #[case::return_at_the_end("a\r", "a\n")]
    #[case::bidi("user\u{202e}txt.exe\u{2066}", "usertxt.exe")]
    #[case::emoji_with_joiner("👩\u{200d}🚒", "👩\u{200d}🚒")]
    #[case::unfinished_string_hides_no_later_line("\u{1b}]0;title\nseen", "\nseen")]
    #[case::escape_inside_a_string("\u{1b}]0;a\u{1b}[31mb\u{7}c", "c")]
    fn agent_text_is_harmless_and_readable(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[rstest]
    #[case::escape("\u{1b}[2Jrm", "␛[2Jrm")]
    #[case::lone_return("rm -rf /\rls", "rm -rf /␍ls")]
    #[case::delete("a\u{7f}", "a␡")]
    #[case::eight_bit("\u{9b}2J", r"\u{9b}2J")]
    #[case::bidi("a\u{202e}b", r"a\u{202e}b")]
    #[case::zero_width("a\u{200b}b", r"a\u{200b}b")]
    #[case::lines_and_tabs("a\n\tb", "a\n\tb")]
    fn nothing_hides_in_what_is_approved(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(visible(text), expected);
    }

    #[test]
    fn an_endless_line_is_cut_on_a_terminal_only() {
        let line = "x".repeat(LINE_CHARS_MAX + 100);
        let text = format!("{line}\nnext");
        assert_eq!(clean(&text), format!("{}{CUT_MARK}\nnext", &line[100..]));
        assert_eq!(Sanitizer::for_pipe().push(&text), text);
    }

    #[test]
    fn an_endless_sequence_hides_a_bounded_amount() {
        let text = format!("\u{1b}]{}seen", "x".repeat(SEQUENCE_CHARS_MAX));
        assert_eq!(clean(&text), "seen");
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(single_line(" a\n\tb\u{1b}[31m\r c "), "a b c");
    }

    /// Text with far more of what matters here than chance would bring.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}]".prop_map(String::from),
            prop::sample::select(vec!["\u{1b}[", "\u{1b}]", "\u{1b}P", "\u{1b}\\", "\r\n", "31m", "text"])
                .prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_control_byte_survives(text in hostile()) {
            for shown in [clean(&text), visible(&text)] {
                prop_assert!(shown.chars().all(is_harmless), "{shown:?}");
                prop_assert!(!shown.bytes().any(|byte| byte < 0x20 && !b"\n\t".contains(&byte) || byte == 0x7f));
            }
            let line = single_line(&text);
            prop_assert!(!line.contains(['\n', '\t']) && line.chars().all(is_harmless));
        }

        #[test]
        fn where_the_pieces_are_cut_makes_no_difference(text in hostile(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let chars: Vec<char> = text.chars().collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
            at.extend([0, chars.len()]);
            at.sort_unstable();
            let mut sanitizer = Sanitizer::for_terminal();
            let mut pieces = String::new();
            for range in at.windows(2) {
                pieces += &sanitizer.push(&chars[range[0]..range[1]].iter().collect::<String>());
            }
            pieces += sanitizer.finish();
            prop_assert_eq!(pieces, clean(&text));
        }

        #[test]
        fn harmless_text_is_untouched(text in "[ -~\n\té日]{0,200}") {
            prop_assert_eq!(clean(&text), text.clone());
            prop_assert_eq!(visible(&text), text);
        }

        #[test]
        fn nothing_is_left_out_of_what_is_approved(text in hostile()) {
            prop_assert!(visible(&text).chars().count() >= text.chars().count());
        }
    }
}
