//! No leftovers (`todo!`), and no library that talks to the terminal behind its user's back.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item};

use super::Finding;
use super::sources::Source;

/// Marks of unfinished work, wherever they stand.
const LEFTOVERS: &[&str] = &["todo", "unimplemented", "dbg"];
/// Writing to the terminal belongs to the program, not to a library.
const PRINTERS: &[&str] = &["print", "println", "eprint", "eprintln"];

pub(super) fn check(source: &Source, file: &syn::File) -> Vec<Finding> {
    let mut visitor = Macros { source, in_test: false, findings: Vec::new() };
    visitor.visit_file(file);
    visitor.findings
}

/// The sources of the library crates, without their own test and bench targets.
fn is_library(source: &Source) -> bool {
    let mut parts = source.path.split('/');
    parts.next() == Some("crates") && parts.next() != Some("app") && parts.next() == Some("src")
}

struct Macros<'a> {
    source: &'a Source,
    in_test: bool,
    findings: Vec<Finding>,
}

impl Macros<'_> {
    fn meet(&mut self, name: &str, line: usize) {
        if LEFTOVERS.contains(&name) {
            self.findings.push(self.source.finding_at(line, "leftover", format!("`{name}!` is not for finished code")));
        } else if PRINTERS.contains(&name) && !self.in_test && is_library(self.source) {
            let what = format!("`{name}!` in a library: return it, or trace it");
            self.findings.push(self.source.finding_at(line, "library-prints", what));
        }
    }

    /// Finds calls inside another macro's arguments, which the parser leaves as tokens.
    fn scan(&mut self, tokens: TokenStream) {
        let mut last_ident: Option<proc_macro2::Ident> = None;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => last_ident = Some(ident),
                TokenTree::Punct(mark) => {
                    let called = last_ident.take().filter(|_| mark.as_char() == '!');
                    if let Some(ident) = called {
                        self.meet(&ident.to_string(), ident.span().start().line);
                    }
                }
                TokenTree::Group(group) => {
                    last_ident = None;
                    self.scan(group.stream());
                }
                TokenTree::Literal(_) => last_ident = None,
            }
        }
    }
}

impl<'ast> Visit<'ast> for Macros<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let outer = self.in_test;
        self.in_test |= attributes(item).iter().any(is_test_only);
        visit::visit_item(self, item);
        self.in_test = outer;
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.meet(&name.ident.to_string(), name.ident.span().start().line);
        }
        self.scan(call.tokens.clone());
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test_only(attribute: &Attribute) -> bool {
    let is_cfg_test = attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"));
    is_cfg_test || attribute.path().is_ident("test")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LIBRARY: &str = "crates/store/src/writer.rs";

    #[rstest]
    #[case::todo("fn f() { todo!() }")]
    #[case::todo_with_a_path("fn f() { std::todo!() }")]
    #[case::unimplemented_in_a_test("#[cfg(test)] mod tests { fn f() { unimplemented!() } }")]
    #[case::dbg_as_an_argument("fn f() { g(dbg!(1)) }")]
    #[case::todo_inside_another_macro("fn f() { vec![1, todo!()]; }")]
    #[case::todo_inside_a_macro_by_example("macro_rules! m { () => { todo!() } }")]
    #[case::print("fn f() { println!(\"x\") }")]
    #[case::print_inside_another_macro("fn f() { select! { x = y => eprintln!(\"x\") } }")]
    fn a_library_has_no_leftovers_and_prints_nothing(#[case] text: &str) {
        assert_eq!(findings_in(LIBRARY, text), 1);
    }

    #[rstest]
    #[case::a_word(LIBRARY, "fn todo() -> bool { let dbg = 1; dbg != 2 }")]
    #[case::in_text(LIBRARY, "fn f() { g(\"todo!()\") }")]
    #[case::in_an_example(LIBRARY, "//! ```\n//! println!(\"{}\", 1);\n//! ```\n")]
    #[case::a_test_may_print(LIBRARY, "#[cfg(test)] mod tests { fn f() { println!() } }")]
    #[case::the_program_may_print("crates/app/src/cli.rs", "fn f() { println!() }")]
    #[case::an_integration_test_may_print("crates/store/tests/laws.rs", "fn f() { eprintln!() }")]
    fn everything_else_may_pass(#[case] path: &str, #[case] text: &str) {
        assert_eq!(findings_in(path, text), 0);
    }

    fn findings_in(path: &str, text: &str) -> usize {
        let file = syn::parse_file(text).expect("it parses");
        check(&Source::new(path, text), &file).len()
    }
}
