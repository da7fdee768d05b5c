//! Tools that do the same under different names.

/// What a tool does, when that is told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToolKind {
    /// Runs a command.
    Shell,
    /// Changes files, and does nothing else.
    Edit,
    /// Reads files.
    Read,
}

/// The names that agents give to such tools, in small letters.
const NAMES: [(ToolKind, &[&str]); 3] = [
    (ToolKind::Shell, &["bash", "shell", "execute", "run_shell_command", "exec_command", "local_shell"]),
    (
        ToolKind::Edit,
        &["edit", "write", "multiedit", "notebookedit", "apply_patch", "file_change", "filechange", "write_file"],
    ),
    (ToolKind::Read, &["read", "read_file"]),
];

impl ToolKind {
    /// What the tool of this name does, if that is known.
    pub fn of(name: &str) -> Option<Self> {
        let is_it = |known: &&str| known.eq_ignore_ascii_case(name);
        NAMES.into_iter().find(|(_, names)| names.iter().any(is_it)).map(|(kind, _)| kind)
    }

    /// Whether two names mean the same tool, or one that does the same.
    pub(super) fn is_same_tool(one: &str, other: &str) -> bool {
        one == other || Self::of(one).is_some_and(|kind| Self::of(other) == Some(kind))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::claude_and_codex("Bash", "shell", true)]
    #[case::over_acp("Bash", "execute", true)]
    #[case::changing_files("Edit", "apply_patch", true)]
    #[case::reading("Read", "read_file", true)]
    #[case::unknown_ones_by_their_name("mcp__db__query", "mcp__db__query", true)]
    #[case::unknown_ones_to_the_letter("mcp__db__query", "MCP__db__query", false)]
    #[case::reading_is_not_changing("Read", "Edit", false)]
    #[case::a_longer_name("Bash", "BashOutput", false)]
    #[case::two_unknown_ones("a", "b", false)]
    fn tools_that_do_the_same_are_one(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
        assert_eq!((ToolKind::is_same_tool(one, other), ToolKind::is_same_tool(other, one)), (same, same));
    }
}
