//! Remembered answers: which tool calls need no question any more.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use thiserror::Error;

use crate::ApprovalRequest;

/// Fields of a tool's input that say what it is about, in the order in which they are looked for.
const SUBJECT_FIELDS: [&str; 7] = ["command", "cmd", "file_path", "filePath", "path", "url", "pattern"];

/// Characters with which a shell makes more out of a command than its first words say. What a rule's
/// `*` stands for must hold none of them, or `cargo test*` would allow `cargo test; rm -rf ~`.
const SHELL_CHARACTERS: [char; 12] = [';', '&', '|', '<', '>', '$', '`', '(', ')', '{', '\n', '\r'];

/// A tool call that is always allowed: the tool's name alone, or with what it is about.
///
/// Written `Read` (whatever it reads) or `Bash(cargo test*)`, where `*` stands for any text that is
/// no shell syntax and does not leave a folder upwards. Everything else is taken literally.
///
/// ```
/// use switchboard_domain::{ApprovalRequest, RequestId, Rule};
/// # use std::path::Path;
/// let rule: Rule = "Bash(cargo test*)".parse()?;
/// let ask = |command: &str| ApprovalRequest {
///     request_id: RequestId::new("1"),
///     tool_name: "Bash".into(),
///     input: serde_json::json!({ "command": command }),
///     suggestions: None,
/// };
/// assert!(rule.allows(&ask("cargo test -p domain"), Path::new("/project")));
/// assert!(!rule.allows(&ask("cargo test; rm -rf ~"), Path::new("/project")));
/// # Ok::<(), switchboard_domain::RuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    tool: String,
    pattern: Option<String>,
}

/// The text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// There is no tool name in it.
    #[error("a rule starts with the name of a tool, such as `Bash(cargo test*)` or `Read`")]
    NoTool,
    /// The parentheses do not match.
    #[error("a rule's pattern stands in parentheses at its end, such as `Bash(cargo test*)`")]
    Unclosed,
    /// Nothing stands between the parentheses.
    #[error("a rule's pattern must not be empty; for whatever the tool does, leave the parentheses out")]
    EmptyPattern,
}

impl Rule {
    /// Whether the call, in the project at this folder, needs no question. A path inside the folder is
    /// taken relative to it, so that `Edit(src/*)` is about the project's own `src`.
    pub fn allows(&self, request: &ApprovalRequest, project: &Path) -> bool {
        let about = |pattern: &String| subject(&request.input, project).is_some_and(|it| matches(pattern, &it));
        self.tool == request.tool_name && self.pattern.as_ref().is_none_or(about)
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (tool, pattern) = match text.split_once('(') {
            None => (text, None),
            Some((tool, rest)) => (tool, Some(rest.strip_suffix(')').ok_or(RuleError::Unclosed)?)),
        };
        if tool.trim().is_empty() || tool.contains(')') {
            return Err(RuleError::NoTool);
        }
        if pattern.is_some_and(|pattern| pattern.trim().is_empty()) {
            return Err(RuleError::EmptyPattern);
        }
        Ok(Self { tool: tool.trim().to_owned(), pattern: pattern.map(str::to_owned) })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(f, "{}({pattern})", self.tool),
            None => f.write_str(&self.tool),
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a call is about: its command, path or address. A command given as a list is its words.
fn subject(input: &Value, project: &Path) -> Option<String> {
    let field = SUBJECT_FIELDS.iter().find_map(|name| input.get(name))?;
    match field {
        Value::String(text) => Some(relative(text, project).to_owned()),
        Value::Array(words) => words.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|words| words.join(" ")),
        _ => None,
    }
}

fn relative<'a>(text: &'a str, project: &Path) -> &'a str {
    Path::new(text).strip_prefix(project).ok().and_then(Path::to_str).unwrap_or(text)
}

/// Whether `text` is `pattern`, with each `*` standing for some harmless text.
///
/// What stands between two `*` is looked for once, at its first place: linear in a text that may be
/// hostile, and at worst a question too many.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').map_or((None, rest), |(middle, tail)| (Some(middle), tail));
    let inner = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail));
    let Some(mut inner) = inner else { return false };
    for piece in middle.into_iter().flat_map(|middle| middle.split('*')) {
        let Some((stand_in, after)) = inner.split_once(piece) else { return false };
        if !is_harmless(stand_in) {
            return false;
        }
        inner = after;
    }
    is_harmless(inner)
}

fn is_harmless(stand_in: &str) -> bool {
    !stand_in.contains(SHELL_CHARACTERS) && !stand_in.contains("..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::RequestId;

    fn request(tool: &str, input: Value) -> ApprovalRequest {
        ApprovalRequest { request_id: RequestId::new("1"), tool_name: tool.into(), input, suggestions: None }
    }

    #[rstest]
    #[case::the_same_words("Bash(cargo test)", "cargo test", true)]
    #[case::more_words("Bash(cargo test*)", "cargo test -p store", true)]
    #[case::no_wildcard("Bash(cargo test)", "cargo test -p store", false)]
    #[case::in_the_middle("Bash(git * --stat)", "git diff HEAD --stat", true)]
    #[case::two_of_them("Bash(* | wc *)", "ls | wc -l", true)]
    #[case::a_second_command("Bash(cargo test*)", "cargo test; rm -rf ~", false)]
    #[case::a_background_command("Bash(cargo test*)", "cargo test & rm -rf ~", false)]
    #[case::a_substitution("Bash(echo *)", "echo $(rm -rf ~)", false)]
    #[case::backticks("Bash(echo *)", "echo `rm -rf ~`", false)]
    #[case::a_redirection("Bash(echo *)", "echo x > ~/.bashrc", false)]
    #[case::a_second_line("Bash(cargo test*)", "cargo test\nrm -rf ~", false)]
    #[case::upwards("Bash(cat src/*)", "cat src/../../.ssh/id_rsa", false)]
    #[case::another_start("Bash(cargo*)", "sudo cargo", false)]
    fn a_rule_covers_what_it_says_and_no_more(#[case] rule: Rule, #[case] command: &str, #[case] allowed: bool) {
        assert_eq!(rule.allows(&request("Bash", json!({ "command": command })), Path::new("/project")), allowed);
    }

    #[rstest]
    #[case::another_tool("Read", request("Write", json!({})), false)]
    #[case::the_tool_alone("Read", request("Read", json!({"anything": 1})), true)]
    #[case::a_path("Edit(src/*)", request("Edit", json!({"file_path": "src/main.rs"})), true)]
    #[case::a_path_from_the_root("Edit(src/*)", request("Edit", json!({"file_path": "/project/src/main.rs"})), true)]
    #[case::a_path_elsewhere("Edit(src/*)", request("Edit", json!({"file_path": "/other/src/main.rs"})), false)]
    #[case::a_path_that_leaves("Edit(*)", request("Edit", json!({"file_path": "/project/../etc/passwd"})), false)]
    #[case::a_list_of_words("shell(ls *)", request("shell", json!({"command": ["ls", "-l"]})), true)]
    #[case::nothing_to_match("Bash(ls*)", request("Bash", json!({"script": "ls"})), false)]
    fn tools_and_subjects_are_matched(#[case] rule: Rule, #[case] request: ApprovalRequest, #[case] allowed: bool) {
        assert_eq!(rule.allows(&request, Path::new("/project")), allowed);
    }

    #[rstest]
    #[case::nothing("", RuleError::NoTool)]
    #[case::no_tool("(ls)", RuleError::NoTool)]
    #[case::unclosed("Bash(ls", RuleError::Unclosed)]
    #[case::empty_pattern("Bash()", RuleError::EmptyPattern)]
    fn what_is_no_rule_says_why(#[case] text: &str, #[case] error: RuleError) {
        assert_eq!(text.parse::<Rule>(), Err(error));
    }

    proptest! {
        #[test]
        fn a_rule_is_read_back_as_it_was_written(tool in "[A-Za-z_.]{1,12}", pattern in "[!-~]([ -~]{0,20}[!-~])?") {
            let rule = Rule { tool, pattern: Some(pattern) };
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
        }

        #[test]
        fn no_wildcard_ever_covers_shell_syntax(head in "[a-z ]{0,8}", tail in "[ -~\n]{0,12}") {
            let rule: Rule = format!("Bash({head}x*)").parse().expect("a rule");
            let command = format!("{head}x{tail}");
            if rule.allows(&request("Bash", json!({ "command": command })), Path::new("/project")) {
                prop_assert!(!tail.contains(SHELL_CHARACTERS));
            }
        }
    }
}
