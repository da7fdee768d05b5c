//! The rules of the code base, as a test: what `cargo xtask tidy` prints is what is listed here.

use xtask::{tidy, workspace};

#[test]
fn the_workspace_keeps_its_own_rules() {
    let findings = tidy::check(workspace::root()).expect("the workspace can be read");
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "not tidy:\n{}", lines.join("\n"));
}
