//! What a library crate would publish: its README, its sources, and nothing else.

use std::fs;
use std::path::Path;

use super::Finding;
use super::metadata::Package;
use crate::workspace::{ReadError, cargo_output};

const RULE: &str = "package";

/// Files at the top of a package that belong there; cargo adds some of them itself.
const TOP_FILES: &[&str] = &[
    ".cargo_vcs_info.json",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];
/// Folders of a package that belong there.
const TOP_FOLDERS: &[&str] = &["benches/", "examples/", "src/", "tests/"];
/// What may lie in them: code, snapshots of it, seeds that failed once, data of tests.
const ENDINGS: &[&str] = &[".rs", ".snap", ".txt", ".json", ".jsonl", ".toml", ".sql", ".md"];
/// A page that says what the crate is for cannot be shorter.
const README_LINES_MIN: usize = 10;

/// One library crate as it would be published.
pub(super) struct Packaged {
    name: String,
    /// Its README, if it has one.
    readme: Option<String>,
    /// Everything in the archive, or why there cannot be one.
    files: Result<Vec<String>, String>,
}

impl Packaged {
    /// Asks cargo what it would publish.
    pub(super) fn load(root: &Path, package: &Package) -> Result<Self, ReadError> {
        let args = ["package", "--list", "--allow-dirty", "--offline", "--package", &package.name];
        let files = match cargo_output(root, &args) {
            Ok(list) => Ok(list.lines().map(|line| line.replace('\\', "/")).collect()),
            Err(ReadError::Failed { stderr, .. }) => Err(stderr),
            Err(error) => return Err(error),
        };
        let readme_path = package.readme.as_ref().map(|readme| package.manifest_path.with_file_name(readme));
        let readme = readme_path.and_then(|path| fs::read_to_string(path).ok());
        Ok(Self { name: package.name.clone(), readme, files })
    }
}

pub(super) fn check(package: &Packaged) -> Vec<Finding> {
    let mut findings = match &package.files {
        Ok(files) => strangers(package, files),
        Err(why) => vec![package.finding(format!("cannot be packaged: {why}"))],
    };
    match &package.readme {
        None => findings.push(package.finding("has no README.md")),
        Some(readme) if readme.lines().count() < README_LINES_MIN || !readme.contains("```") => {
            findings.push(package.finding("its README.md has no example, or says nearly nothing"));
        }
        Some(_) => {}
    }
    findings
}

fn strangers(package: &Packaged, files: &[String]) -> Vec<Finding> {
    let strangers = files.iter().filter(|file| !belongs(file));
    strangers.map(|file| package.finding(format!("`{file}` would be published and does not belong"))).collect()
}

impl Packaged {
    fn finding(&self, what: impl Into<String>) -> Finding {
        Finding { rule: RULE, place: self.name.clone(), what: what.into() }
    }
}

fn belongs(file: &str) -> bool {
    let in_folder = TOP_FOLDERS.iter().any(|folder| file.starts_with(folder));
    TOP_FILES.contains(&file) || (in_folder && ENDINGS.iter().any(|ending| file.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const README: &str = "# x\n\nWhat it is for.\n\n```rust\nlet x = 1;\n```\n\n## Guarantees\n\nMany.\n";

    #[rstest]
    #[case::a_source("src/writer/backoff.rs", true)]
    #[case::the_manifest("Cargo.toml", true)]
    #[case::a_test("tests/laws.rs", true)]
    #[case::a_note("notes.md", false)]
    #[case::a_database("tests/old.db", false)]
    #[case::a_log("src/debug.log", false)]
    #[case::a_script("build.sh", false)]
    fn only_what_belongs_is_published(#[case] file: &str, #[case] fine: bool) {
        let package =
            Packaged { name: "x".to_owned(), readme: Some(README.to_owned()), files: Ok(vec![file.to_owned()]) };
        assert_eq!(check(&package).is_empty(), fine);
    }

    #[test]
    fn a_package_that_cannot_be_made_is_a_finding() {
        let files = Err("no licence".to_owned());
        let package = Packaged { name: "x".to_owned(), readme: Some(README.to_owned()), files };
        assert_eq!(check(&package).len(), 1);
    }

    #[rstest]
    #[case::a_page(Some(README), true)]
    #[case::none(None, false)]
    #[case::a_line(Some("# x\n"), false)]
    #[case::no_example(Some("# x\n\na\n\nb\n\nc\n\nd\n\ne\n\nf\n"), false)]
    fn a_library_has_a_readme_with_an_example(#[case] readme: Option<&str>, #[case] fine: bool) {
        let package = Packaged { name: "x".to_owned(), readme: readme.map(str::to_owned), files: Ok(Vec::new()) };
        assert_eq!(check(&package).is_empty(), fine);
    }
}
