//! Every file of Rust says first what it is for.

use super::Finding;
use super::sources::Source;

const RULE: &str = "module-doc";

/// Shorter than this is a placeholder.
const DOC_CHARS_MIN: usize = 12;

pub(super) fn check(source: &Source, file: &syn::File) -> Option<Finding> {
    let is_documented = doc_lines(file).any(|line| line.trim().chars().count() >= DOC_CHARS_MIN);
    (!is_documented).then(|| source.finding(RULE, "begin it with a `//!` that says what it is for"))
}

fn doc_lines(file: &syn::File) -> impl Iterator<Item = String> {
    file.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let syn::Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        Some(text.value())
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::said("//! Whom to wake when the disk is back.\nfn wake() {}", true)]
    #[case::said_after_other_attributes("#![expect(dead_code, reason = \"x\")]\n//! Whom to wake when.\n", true)]
    #[case::nothing("fn wake() {}", false)]
    #[case::a_plain_comment("// Whom to wake when the disk is back.\nfn wake() {}", false)]
    #[case::the_doc_of_an_item("/// Wakes whoever waits for the disk.\nfn wake() {}", false)]
    #[case::a_placeholder("//! wake\nfn wake() {}", false)]
    fn a_module_says_what_it_is_for(#[case] text: &str, #[case] fine: bool) {
        let file = syn::parse_file(text).expect("it parses");
        assert_eq!(check(&Source::new("crates/x/src/wake.rs", text), &file).is_none(), fine);
    }
}
