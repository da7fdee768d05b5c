//! What a person typed, as the index takes it.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most words of a question that are looked for; nobody types more, and the index's parser has
/// limits of its own.
const WORDS_MAX: usize = 64;
/// The most bytes of one word that are looked for; no word in the index is longer.
const WORD_BYTES_MAX: usize = 1_024;

/// The words of a question. What stands between spaces stays together: `src/main.rs` is three words
/// in a row.
pub(crate) struct Words {
    phrases: Vec<String>,
    folded: BTreeSet<String>,
}

impl Words {
    pub(crate) fn new(text: &str) -> Self {
        let mut seen = BTreeSet::new();
        let phrases: Vec<_> = text
            .split_whitespace()
            .map(|phrase| phrase[..phrase.floor_char_boundary(WORD_BYTES_MAX)].to_owned())
            .filter(|phrase| phrase.contains(char::is_alphanumeric) && seen.insert(phrase.clone()))
            .take(WORDS_MAX)
            .collect();
        let folded = phrases.iter().flat_map(|phrase| tokens(phrase).map(|(_, word)| word)).collect();
        Self { phrases, folded }
    }

    /// The question in the index's own syntax, where every character is literal; none when there is
    /// no word in it.
    pub(crate) fn expression(&self) -> Option<String> {
        // Quoted text has no syntax but its own quotes; a NUL would end the question early.
        let quoted = |phrase: &String| format!("\"{}\"", phrase.replace('"', "\"\"").replace('\0', " "));
        let phrases: Vec<_> = self.phrases.iter().map(quoted).collect();
        (!phrases.is_empty()).then(|| phrases.join(" AND "))
    }

    /// Whether a word, folded, is one of those looked for.
    pub(crate) fn contains(&self, folded: &str) -> bool {
        self.folded.contains(folded)
    }
}

/// The words of a text, each with its place and folded as the index folds it: lower case, without
/// marks above or below.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let is_part = |character: char| character.is_alphanumeric() || is_combining_mark(character);
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_part)?;
        let end = text[start..].find(|character| !is_part(character)).map_or(text.len(), |length| start + length);
        at = end;
        Some((start..end, folded(&text[start..end])))
    })
}

fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::words("cats dogs", Some(r#""cats" AND "dogs""#))]
    #[case::twice("cats cats", Some(r#""cats""#))]
    #[case::quotes(r#"say "hi""#, Some(r#""say" AND """hi""""#))]
    #[case::operators("a OR b*", Some(r#""a" AND "OR" AND "b*""#))]
    #[case::nul("a\0b", Some(r#""a b""#))]
    #[case::nothing(" \t ", None)]
    #[case::punctuation("-- * \"", None)]
    fn every_character_is_literal(#[case] text: &str, #[case] expression: Option<&str>) {
        assert_eq!(Words::new(text).expression().as_deref(), expression);
    }

    #[rstest]
    #[case::ascii("Main.RS", &["main", "rs"])]
    #[case::composed("Ärger", &["arger"])]
    #[case::decomposed("A\u{308}rger", &["arger"])]
    #[case::none("🙂 -- ", &[])]
    fn words_are_folded(#[case] text: &str, #[case] folded: &[&str]) {
        assert_eq!(tokens(text).map(|(_, word)| word).collect::<Vec<_>>(), folded);
    }

    #[test]
    fn a_question_is_bounded() {
        let endless = (0..10_000).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(Words::new(&endless).phrases.len(), WORDS_MAX);
        assert_eq!(Words::new(&"ä".repeat(WORD_BYTES_MAX)).phrases[0].len(), WORD_BYTES_MAX);
    }
}
