//! Files and functions stay small enough to be read at one go.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Finding;
use super::sources::Source;

/// What a person can keep in mind; the models of this code base split their files long before.
const FILE_LINES_MAX: usize = 400;
/// One screen.
const FUNCTION_LINES_MAX: usize = 60;

/// Production code only: what comes before the first `#[cfg(test)]` on a line of its own.
pub(super) fn check_file(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
    (lines > FILE_LINES_MAX).then(|| {
        source.finding("file-size", format!("{lines} lines, {FILE_LINES_MAX} are allowed: split it by concept"))
    })
}

/// From the signature to the closing brace, tests included; attributes and docs are free.
pub(super) fn check_functions(source: &Source, file: &syn::File) -> Vec<Finding> {
    let mut visitor = LongFunctions { source, findings: Vec::new() };
    visitor.visit_file(file);
    visitor.findings
}

struct LongFunctions<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl LongFunctions<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: Span) {
        let first = signature.span().start().line;
        let lines = body.end().line - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let what = format!("`{}` has {lines} lines, {FUNCTION_LINES_MAX} are allowed", signature.ident);
            self.findings.push(self.source.finding_at(first, "function-size", what));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, function.block.span());
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, function.block.span());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block.span());
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::at_the_limit(FILE_LINES_MAX, "", true)]
    #[case::over_it(FILE_LINES_MAX + 1, "", false)]
    #[case::tests_are_free(FILE_LINES_MAX - 1, "#[cfg(test)]\n// a test\n", true)]
    #[case::tests_do_not_hide_code_before_them(FILE_LINES_MAX + 1, "#[cfg(test)]\nmod tests {}\n", false)]
    fn a_file_stays_small(#[case] lines: usize, #[case] rest: &str, #[case] fine: bool) {
        let text = "// code\n".repeat(lines) + rest;
        assert_eq!(check_file(&Source::new("a.rs", &text)).is_none(), fine);
    }

    #[rstest]
    #[case::a_function("fn f() {", "}")]
    #[case::a_method("impl X { fn f() {", "} }")]
    #[case::a_default_method("trait X { fn f() {", "} }")]
    #[case::a_function_in_a_function("fn outer() { fn f() {", "} }")]
    #[case::a_test("#[cfg(test)] mod tests { #[test] fn f() {", "} }")]
    fn a_function_stays_small(#[case] before: &str, #[case] after: &str) {
        check_function(before, FUNCTION_LINES_MAX - 2, after, true);
        check_function(before, FUNCTION_LINES_MAX - 1, after, false);
    }

    /// A body of `lines` lines between the two braces' own lines.
    #[track_caller]
    fn check_function(before: &str, lines: usize, after: &str, fine: bool) {
        let text = format!("{before}\n{}{after}", "let x = 1;\n".repeat(lines));
        let parsed = syn::parse_file(&text).expect("it parses");
        let findings = check_functions(&Source::new("a.rs", &text), &parsed);
        assert_eq!(findings.is_empty(), fine, "{findings:?}");
    }
}
