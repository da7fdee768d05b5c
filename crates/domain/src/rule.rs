//! Remembered answers: which tool calls need no question any more.

mod offer;
mod paths;
mod shell;
mod subject;
mod tool_kind;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use self::subject::Subject;
use crate::ApprovalRequest;

pub use self::paths::named_paths;
pub use self::tool_kind::ToolKind;

/// Characters with which a shell makes more out of a command than its first words say. What a rule's
/// `*` stands for must hold none of them, or `cargo test*` would allow `cargo test; rm -rf ~`.
const SHELL_CHARACTERS: [char; 13] = [';', '&', '|', '<', '>', '$', '`', '(', ')', '{', '\\', '\n', '\r'];

/// A tool call that is always allowed: the tool's name alone, or with what it is about.
///
/// Written `Read` (whatever it reads) or `Bash(cargo test*)`, where `*` stands for any text that is
/// no shell syntax and does not leave a folder upwards. Everything else is taken literally.
///
/// A tool is named as the agent names it. One that runs commands, changes files or reads them is meant by any
/// name that agents have for such a tool ([`ToolKind`]), so that `Bash(cargo test*)` holds for Codex's `shell` too.
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
    /// taken relative to it, so that `Edit(src/*)` is about the project's own `src`; of several paths each must
    /// be covered. A command that an agent wraps into a shell is taken out of it; one that would run outside of
    /// the folder is covered by no pattern.
    pub fn allows(&self, request: &ApprovalRequest, project: &Path) -> bool {
        let about = |pattern: &String| {
            Subject::of(request, project).is_some_and(|subject| subject.is_covered(|text| matches(pattern, text)))
        };
        ToolKind::is_same_tool(&self.tool, &request.tool_name) && self.pattern.as_ref().is_none_or(about)
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
    let is_control = |char: char| char.is_control() && char != '\t';
    !stand_in.contains(SHELL_CHARACTERS) && !stand_in.contains(is_control) && !stand_in.contains("..")
}

#[cfg(test)]
mod tests;
