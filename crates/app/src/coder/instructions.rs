//! What the model is told about itself and its work.

use std::fs::File;
use std::io::Read;

use switchboard_sidecar::folder::ProjectFolder;

/// Files in which projects tell agents their rules, best first.
const RULE_FILES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];

/// The most of such a file that is shown: more would take the room for work.
const RULES_BYTES_MAX: u64 = 32 << 10;

const ROLE: &str = "\
You are a coding agent. You work in the user's project folder with the tools you are given: look before you \
change anything, keep changes small and in the style of what is there, and check them, with the project's own tests \
where there are any. Paths are relative to the project folder; nothing outside of it can be read or written. The user \
is asked before a file is changed or a command is run, and may refuse: then do not try the same in another way, but \
say what you wanted it for. When you are done, say in a few sentences what you did and what is left. If something \
failed, say so.";

/// The instructions for work on `project`.
pub(super) fn instructions(project: &ProjectFolder) -> String {
    let place = format!("{ROLE}\n\nThe project folder is {}.", project.root().display());
    match RULE_FILES.iter().find_map(|name| Some((name, rules(project, name)?))) {
        Some((name, rules)) => format!("{place}\n\nThe project's rules, from its {name}:\n\n{rules}"),
        None => place,
    }
}

/// A file of rules, if it is there, inside of the project, and says something.
fn rules(project: &ProjectFolder, name: &str) -> Option<String> {
    let place = project.existing(name).ok().filter(|place| place.is_file())?;
    let mut bytes = Vec::new();
    File::open(place).ok()?.take(RULES_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_s_rules_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = ProjectFolder::open(folder.path()).expect("a project");
        assert!(!instructions(&project).contains("rules"));
        std::fs::write(folder.path().join("AGENTS.md"), "Use tabs.").expect("written");
        assert!(instructions(&project).ends_with("from its AGENTS.md:\n\nUse tabs."));
    }
}
