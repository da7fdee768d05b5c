//! Rules that a person may want to remember, made from a call that is asked about.

use std::path::Path;

use super::subject::Subject;
use super::{Rule, ToolKind, shell};
use crate::ApprovalRequest;

/// Longer subjects make no rule that a person could still read.
const SUBJECT_CHARS_MAX: usize = 200;

/// Programs whose second word says what they do. Of others no rule about their beginning is offered: that of
/// `python` or `rm` would allow nearly everything.
const SPEAKING_PROGRAMS: [&str; 16] = [
    "bundle", "cargo", "dotnet", "git", "go", "gradle", "just", "make", "mix", "mvn", "npm", "pip", "pnpm", "rake",
    "uv", "yarn",
];

/// Second words that say nothing without the third, or run whatever follows.
const SILENT_WORDS: [&str; 6] = ["dlx", "exec", "pip", "run", "tool", "x"];

impl Rule {
    /// Rules that would allow `request`, in the project at this folder: the narrowest first. None that would allow
    /// every command or every change.
    pub fn offers(request: &ApprovalRequest, project: &Path) -> Vec<Self> {
        let patterns = match Subject::of(request, project) {
            Some(Subject::Command { whole, script }) => command_patterns(&script.unwrap_or(whole)),
            Some(Subject::Files(files)) => file_patterns(&files),
            Some(Subject::Text(text)) => vec![text],
            None => Vec::new(),
        };
        let rule = |pattern| Self { tool: request.tool_name.clone(), pattern };
        let with_pattern = patterns.into_iter().filter(|pattern| is_readable(pattern)).map(|it| rule(Some(it)));
        let bare = ToolKind::of(&request.tool_name).is_none().then(|| rule(None));
        // What cannot be written down, or would not allow the very call, is no offer.
        let holds = |rule: &Self| rule.to_string().parse().as_ref() == Ok(rule) && rule.allows(request, project);
        with_pattern.chain(bare).filter(holds).collect()
    }
}

/// Whether a pattern is short and says what it says: a `*` in a command would stand for more than itself.
fn is_readable(pattern: &str) -> bool {
    let inner = pattern.strip_suffix('*').unwrap_or(pattern);
    !inner.contains('*') && !inner.contains(char::is_control) && inner.chars().count() <= SUBJECT_CHARS_MAX
}

fn command_patterns(command: &str) -> Vec<String> {
    // One that ends in `*` would be taken for the beginning of others.
    let exact = (!command.contains('*')).then(|| command.to_owned());
    let words = shell::words(command).unwrap_or_default();
    let beginning = match words.as_slice() {
        [program, word, ..] if !SPEAKING_PROGRAMS.contains(&program.as_str()) || !is_plain_word(word) => None,
        [program, silent, word, ..] if SILENT_WORDS.contains(&silent.as_str()) => {
            is_plain_word(word).then(|| format!("{program} {silent} {word}"))
        }
        [_, silent] if SILENT_WORDS.contains(&silent.as_str()) => None,
        [program, word, ..] => Some(format!("{program} {word}")),
        _ => None,
    };
    let beginning = beginning.filter(|beginning| command.starts_with(beginning.as_str()));
    exact.into_iter().chain(beginning.map(|beginning| format!("{beginning}*"))).collect()
}

fn is_plain_word(word: &str) -> bool {
    !word.starts_with('-') && word.chars().all(|char| char.is_ascii_alphanumeric() || "-_:".contains(char))
}

fn file_patterns(files: &[String]) -> Vec<String> {
    let [file] = files else { return Vec::new() };
    let exact = (!file.contains('*')).then(|| file.clone());
    let folder = Path::new(file).parent().and_then(Path::to_str).filter(|folder| !folder.is_empty());
    let folder = folder.filter(|_| Path::new(file).is_relative()).map(|folder| format!("{folder}/*"));
    exact.into_iter().chain(folder).collect()
}
