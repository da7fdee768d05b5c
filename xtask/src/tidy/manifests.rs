//! Every member of the workspace lives by the workspace's lints, `unsafe_code = "forbid"` among them.

use super::Finding;
use super::sources::Source;

const RULE: &str = "workspace-lints";

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let members = sources.iter().filter(|source| source.name() == "Cargo.toml" && source.path != "Cargo.toml");
    members
        .filter(|manifest| !inherits_lints(&manifest.text))
        .map(|manifest| manifest.finding(RULE, "add `[lints] workspace = true`"))
        .collect()
}

fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.by_ref().take_while(|line| !line.starts_with('[')).any(|line| line.replace(' ', "") == "workspace=true")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::inherited("[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n", true)]
    #[case::nothing_said("[package]\nname = \"x\"\n", false)]
    #[case::its_own("[package]\nname = \"x\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n", false)]
    #[case::somewhere_else("[lints]\n[dependencies.x]\nworkspace = true\n", false)]
    fn a_member_lives_by_the_lints_of_the_workspace(#[case] manifest: &str, #[case] fine: bool) {
        assert_eq!(check(&[Source::new("crates/x/Cargo.toml", manifest)]).is_empty(), fine);
    }

    #[test]
    fn the_root_is_where_they_are_written() {
        assert!(check(&[Source::new("Cargo.toml", "[workspace]\n")]).is_empty());
    }
}
