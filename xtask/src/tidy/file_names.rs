//! A file is named after the one thing in it.

use super::Finding;
use super::sources::Source;

const RULE: &str = "file-name";

/// Names that say nothing about what is inside, and so collect everything.
const DRAWERS: &[&str] = &["types", "utils", "util", "helpers", "helper", "errors", "common", "misc"];

pub(super) fn check(source: &Source) -> Option<Finding> {
    let stem = source.name().strip_suffix(".rs")?;
    if stem == "mod" {
        return Some(source.finding(RULE, "name it after its folder: `foo.rs` beside `foo/`, not `foo/mod.rs`"));
    }
    DRAWERS.contains(&stem).then(|| source.finding(RULE, "name it after the one thing that is in it"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_concept("crates/store/src/writer.rs", true)]
    #[case::a_concept_in_a_folder("crates/store/src/writer/backoff.rs", true)]
    #[case::mod_rs("crates/store/src/writer/mod.rs", false)]
    #[case::types("crates/domain/src/types.rs", false)]
    #[case::helpers_of_tests("tests/tests/common.rs", false)]
    #[case::the_name_of_a_folder_is_free("crates/store/src/errors/open.rs", true)]
    fn a_file_is_named_after_its_concept(#[case] path: &str, #[case] fine: bool) {
        assert_eq!(check(&Source::new(path, "")).is_none(), fine);
    }
}
