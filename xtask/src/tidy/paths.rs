//! Nothing in the repository names the machine it was written on.

use std::path::{Path, PathBuf};

use super::Finding;
use super::sources::Source;

const RULE: &str = "machine-path";

/// Below these lie somebody's own files.
const HOMES: &[&str] = &["/home/", "/Users/", "\\Users\\"];
/// Who lives there in an example.
const EXAMPLE_USERS: &[&str] = &["me", "you", "alice", "bob"];

/// The folders of this very machine that must not be named: the workspace's, and those of its user's tools.
///
/// Left out is what is everywhere (`/tmp`, `/src`), and what lies in a home, which [`HOMES`] covers.
pub(super) fn own_paths(root: &Path) -> Vec<String> {
    let from_env = ["HOME", "CARGO_HOME", "RUSTUP_HOME"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let of_workspace = root.ancestors().take(2).map(Path::to_owned);
    let telling =
        from_env.chain(of_workspace).filter(|path| path.components().count() > 2 || path == Path::new("/root"));
    telling
        .map(|path| path.display().to_string())
        .filter(|path| !HOMES.iter().any(|home| path.starts_with(home)))
        .collect()
}

pub(super) fn check(source: &Source, own_paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    // This file must name what it looks for.
    if source.path.ends_with("xtask/src/tidy/paths.rs") {
        return findings;
    }
    for (index, line) in source.text.lines().enumerate() {
        if let Some(path) = machine_path(line, own_paths) {
            findings.push(source.finding_at(index + 1, RULE, format!("`{path}` exists on one machine only")));
        }
    }
    findings
}

fn machine_path<'a>(line: &str, own_paths: &'a [String]) -> Option<&'a str> {
    let own = own_paths.iter().find(|path| contains_path(line, path));
    own.map(String::as_str).or_else(|| HOMES.iter().copied().find(|home| names_a_user(line, home)))
}

/// `path` itself or something below it, but not a longer name that begins the same.
fn contains_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let ends = !line[at + path.len()..].starts_with(|after: char| after.is_alphanumeric() || "_-".contains(after));
        is_absolute(line, at) && ends
    })
}

/// Whether a path that begins at `at` is no rest of a longer one.
fn is_absolute(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-/$}~".contains(before))
}

fn names_a_user(line: &str, home: &str) -> bool {
    line.match_indices(home).filter(|(at, _)| home.starts_with('\\') || is_absolute(line, *at)).any(|(at, _)| {
        let rest = &line[at + home.len()..];
        let user: String =
            rest.chars().take_while(|letter| letter.is_alphanumeric() || "_-.".contains(*letter)).collect();
        !user.is_empty() && !EXAMPLE_USERS.contains(&user.as_str())
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_home("log = \"/home/eve/project\"", false)]
    #[case::a_mac("see /Users/eve/notes", false)]
    #[case::windows("C:\\Users\\eve", false)]
    #[case::this_checkout("cd /srv/checkout && make", false)]
    #[case::below_this_checkout("/srv/checkout/target/debug", false)]
    #[case::an_example("project = \"/home/me/project\"", true)]
    #[case::the_folder_itself("everything under /home/ is a person's", true)]
    #[case::another_name_that_begins_the_same("/srv/checkouts", true)]
    #[case::the_end_of_another_path("/mnt/srv/checkout", true)]
    #[case::a_home_that_is_not_at_the_top("home = \"/sandbox/home/.agent\"", true)]
    #[case::a_relative_path("crates/store/src", true)]
    fn no_file_names_a_machine(#[case] line: &str, #[case] fine: bool) {
        let own_paths = ["/srv/checkout".to_owned()];
        assert_eq!(check(&Source::new("README.md", line), &own_paths).is_empty(), fine);
    }

    #[rstest]
    #[case::the_workspace("/srv/checkout", "/srv/checkout", true)]
    #[case::the_folder_it_lies_in("/srv/all/checkout", "/srv/all", true)]
    #[case::what_is_everywhere("/srv/checkout", "/srv", false)]
    #[case::a_home_is_known_anyway("/home/me/checkout", "/home/me/checkout", false)]
    fn the_folders_of_this_machine_are_known(#[case] root: &str, #[case] path: &str, #[case] known: bool) {
        assert_eq!(own_paths(Path::new(root)).contains(&path.to_owned()), known);
    }
}
