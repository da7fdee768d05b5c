//! The rules of the code base that no compiler holds.
//!
//! Each rule is one file: a function from what was read to [`Finding`]s, with tests in which a piece
//! of code that breaks the rule must be found. [`check`] reads the workspace and runs them all.

mod edges;
mod file_names;
mod macros;
mod manifests;
mod metadata;
mod module_docs;
mod packages;
mod paths;
mod sizes;
mod sources;

use std::fmt;
use std::path::Path;

use crate::workspace::ReadError;
use metadata::Metadata;
use sources::Source;

/// One place that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The file (with a line where there is one) or the package.
    pub place: String,
    /// What is wrong there, and what to do instead.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.what, self.rule)
    }
}

/// Everything in the workspace at `root` that breaks a rule.
///
/// # Errors
/// When the workspace cannot be read, or cargo cannot be asked about it.
pub fn check(root: &Path) -> Result<Vec<Finding>, ReadError> {
    let metadata = Metadata::load(root)?;
    let sources = sources::read_all(root)?;
    let own_paths = paths::own_paths(root);
    let mut findings = edges::check(&metadata);
    findings.extend(sources.iter().flat_map(|source| check_source(source, &own_paths)));
    findings.extend(manifests::check(&sources));
    for package in metadata.libraries() {
        findings.extend(packages::check(&packages::Packaged::load(root, package)?));
    }
    Ok(findings)
}

fn check_source(source: &Source, own_paths: &[String]) -> Vec<Finding> {
    let mut findings = paths::check(source, own_paths);
    if !source.is_rust() {
        return findings;
    }
    findings.extend(file_names::check(source));
    findings.extend(sizes::check_file(source));
    match syn::parse_file(&source.text) {
        Ok(file) => {
            findings.extend(module_docs::check(source, &file));
            findings.extend(sizes::check_functions(source, &file));
            findings.extend(macros::check(source, &file));
        }
        Err(error) => findings.push(source.finding("syntax", format!("does not parse: {error}"))),
    }
    findings
}
