//! The title of a session that was given none.

/// Titles are cut here so that a list of sessions stays one line each.
const TITLE_CHARS_MAX: usize = 60;

/// A title from a prompt: its first line with words in it, white space folded, control characters
/// dropped, cut at a word where possible and marked `…` when cut. `"Untitled"` when nothing is left.
///
/// ```
/// use switchboard_domain::title_from_prompt;
/// assert_eq!(title_from_prompt("\n  Fix   the build\nIt fails on CI."), "Fix the build");
/// ```
pub fn title_from_prompt(prompt: &str) -> String {
    let line = prompt.lines().map(fold).find(|line| !line.is_empty());
    line.map_or_else(|| "Untitled".to_owned(), |line| cut(&line))
}

fn fold(line: &str) -> String {
    let visible: String = line.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(line: &str) -> String {
    let Some((end, _)) = line.char_indices().nth(TITLE_CHARS_MAX) else {
        return line.to_owned();
    };
    let head = &line[..end];
    let at_word = head.rfind(' ').filter(|&space| space > end / 2).map_or(head, |space| &head[..space]);
    format!("{}…", at_word.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("", "Untitled")]
    #[case::only_space(" \n\t\n", "Untitled")]
    #[case::escape_codes("\u{1b}[31mred\u{1b}[0m", "[31mred[0m")]
    #[case::cut_at_a_word(
        "Please rewrite the whole of the parser so that it no longer allocates",
        "Please rewrite the whole of the parser so that it no longer…"
    )]
    fn titles(#[case] prompt: &str, #[case] title: &str) {
        assert_eq!(title_from_prompt(prompt), title);
    }

    proptest! {
        #[test]
        fn a_title_is_short_clean_and_never_empty(prompt in any::<String>()) {
            let title = title_from_prompt(&prompt);
            prop_assert!(!title.is_empty());
            prop_assert!(title.chars().count() <= TITLE_CHARS_MAX + 1);
            prop_assert!(!title.chars().any(char::is_control));
        }
    }
}
