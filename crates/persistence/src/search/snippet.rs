//! The part of a message that shows why it was found.

use super::words::{Words, tokens};

/// How much text is shown before and after the first found word, in bytes.
const SIDE_BYTES: usize = 80;

/// The text around the first found word, every found word in it between `[` and `]`.
pub(crate) fn snippet(content: &str, words: &Words) -> String {
    let first = tokens(content).find(|(_, word)| words.contains(word)).map_or(0..0, |(place, _)| place);
    let from = word_start(content, first.start);
    let to = word_end(content, first.end);
    let mut snippet = String::from(if from > 0 { "…" } else { "" });
    let mut at = from;
    for (place, word) in tokens(&content[from..to]) {
        if words.contains(&word) {
            let place = from + place.start..from + place.end;
            snippet.extend([&content[at..place.start], "[", &content[place.clone()], "]"]);
            at = place.end;
        }
    }
    snippet.push_str(&content[at..to]);
    snippet.push_str(if to < content.len() { "…" } else { "" });
    snippet
}

/// Where to begin so that no word is cut: at most [`SIDE_BYTES`] before `found`.
fn word_start(content: &str, found: usize) -> usize {
    let bound = content.ceil_char_boundary(found.saturating_sub(SIDE_BYTES));
    if bound == 0 {
        return 0;
    }
    content[bound..found].find(char::is_whitespace).map_or(bound, |space| {
        let rest = &content[bound + space..];
        bound + space + rest.chars().next().map_or(0, char::len_utf8)
    })
}

/// Where to end so that no word is cut: at most [`SIDE_BYTES`] after `found`.
fn word_end(content: &str, found: usize) -> usize {
    let bound = content.floor_char_boundary((found + SIDE_BYTES).min(content.len()));
    if bound == content.len() {
        return bound;
    }
    content[found..bound].rfind(char::is_whitespace).map_or(bound, |space| found + space)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::whole("a short Text", "text", "a short [Text]")]
    #[case::several("cat dog cat", "cat dog", "[cat] [dog] [cat]")]
    #[case::marks("ein ÄRGER", "arger", "ein [ÄRGER]")]
    #[case::phrase("in src/main.rs now", "src/main.rs", "in [src]/[main].[rs] now")]
    #[case::not_found("nothing here", "else", "nothing here")]
    fn found_words_are_marked(#[case] content: &str, #[case] words: &str, #[case] wanted: &str) {
        assert_eq!(snippet(content, &Words::new(words)), wanted);
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let content = format!("{}needle{}", "hay ".repeat(100), " straw".repeat(100));
        let snippet = snippet(&content, &Words::new("needle"));
        assert!(snippet.starts_with("…hay hay") && snippet.ends_with("straw…"), "{snippet}");
        assert!(snippet.contains("hay [needle] straw"), "{snippet}");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd_and_no_snippet_too_long(content in "\\PC{0,400}", words in "\\PC{0,8}") {
            let snippet = snippet(&content, &Words::new(&words));
            let marks = snippet.matches(['[', ']']).count();
            prop_assert!(snippet.len() <= 2 * SIDE_BYTES + 1_600 + marks);
        }
    }
}
