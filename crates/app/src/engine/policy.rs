//! Who answers when an agent asks.

use std::path::{Component, Path};

use serde_json::Value;
use switchboard_domain::{Answer, ApprovalRequest, ToolKind, named_paths};

/// Tools that take files away, beside those that change them ([`ToolKind::Edit`]).
const REMOVING_TOOLS: [&str; 2] = ["delete", "move"];

/// Who answers when an agent asks for approval, unless a remembered rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApprovalPolicy {
    /// A person.
    #[default]
    Ask,
    /// A person; but changing files of the project needs no question.
    AllowEdits,
    /// Switchboard, with yes.
    AllowAll,
    /// Switchboard, with no.
    DenyAll,
}

impl ApprovalPolicy {
    /// The answer to give without asking anybody, to an agent that works in the folder `project`.
    pub fn answer(self, request: &ApprovalRequest, project: &Path) -> Option<Answer> {
        match self {
            Self::AllowEdits if is_edit(&request.tool_name) && stays_in(project, &request.input) => Some(Answer::ALLOW),
            Self::Ask | Self::AllowEdits => None,
            Self::AllowAll => Some(Answer::ALLOW),
            Self::DenyAll => Some(Answer::Deny),
        }
    }
}

fn is_edit(tool: &str) -> bool {
    ToolKind::of(tool) == Some(ToolKind::Edit) || REMOVING_TOOLS.iter().any(|name| name.eq_ignore_ascii_case(tool))
}

/// Whether the call says which files it is about, and all of them are the project's by name. Links are
/// not followed: what a project's own links point to is the project's business.
fn stays_in(project: &Path, input: &Value) -> bool {
    let is_inside = |path: &&str| is_inside(project, Path::new(path));
    named_paths(input).is_some_and(|paths| !paths.is_empty() && paths.iter().all(is_inside))
}

fn is_inside(project: &Path, path: &Path) -> bool {
    let climbs = path.components().any(|component| component == Component::ParentDir);
    !climbs && (path.is_relative() || path.starts_with(project))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use switchboard_domain::RequestId;

    use super::*;

    #[rstest]
    #[case::a_relative_path("Edit", json!({"file_path": "src/main.rs"}), true)]
    #[case::a_path_in_the_project("Write", json!({"file_path": "/project/new.rs"}), true)]
    #[case::a_list_of_changes("edit", json!({"changes": [{"path": "a.rs"}, {"path": "/project/b.rs"}]}), true)]
    #[case::outside("Edit", json!({"file_path": "/etc/passwd"}), false)]
    #[case::a_neighbour_with_a_longer_name("Edit", json!({"file_path": "/project-2/a.rs"}), false)]
    #[case::climbing_out("Edit", json!({"file_path": "/project/../etc/passwd"}), false)]
    #[case::one_of_many_outside("edit", json!({"changes": [{"path": "a.rs"}, {"path": "/etc/passwd"}]}), false)]
    #[case::moved_out("edit", json!({"changes": [{"path": "a.rs", "kind": {"type": "update", "move_path": "/etc/a"}}]}), false)]
    #[case::shown_elsewhere("edit", json!({"locations": [{"path": "a"}], "content": [{"type": "diff", "path": "/b"}]}), false)]
    #[case::nothing_said("Edit", json!({"reason": "outside"}), false)]
    #[case::a_path_that_is_none("Edit", json!({"path": 1}), false)]
    #[case::running_a_command("Bash", json!({"path": "src/main.rs"}), false)]
    fn allowing_edits_allows_changes_to_the_projects_files(
        #[case] tool: &str,
        #[case] input: Value,
        #[case] allowed: bool,
    ) {
        let request_id = RequestId::new("apr_1");
        let asked = ApprovalRequest { request_id, tool_name: tool.into(), input, suggestions: None };
        let answer = ApprovalPolicy::AllowEdits.answer(&asked, Path::new("/project"));
        assert_eq!(answer, allowed.then_some(Answer::ALLOW));
    }
}
