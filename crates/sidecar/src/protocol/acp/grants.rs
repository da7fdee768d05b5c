//! What the agent was allowed by requests of its own, so that it is not asked about twice.

use serde_json::Value;

/// Fields of a tool's input that name a file.
const PATH_FIELDS: [&str; 5] = ["file_path", "filePath", "abs_path", "path", "notebook_path"];

/// What a request for permission is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    paths: Vec<String>,
    command: Option<String>,
}

/// What was allowed.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// In this turn.
    once: Vec<Subject>,
    /// Whether the agent was told that it need not ask about files again, or not about commands.
    edits_always: bool,
    commands_always: bool,
}

impl Subject {
    /// What the tool call `call` is about, with the `input` that is known of it.
    pub(super) fn of(call: &Value, input: &Value) -> Self {
        let listed = |list: &str| call.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let places = listed("locations").iter().chain(listed("content")).filter_map(|place| place.get("path"));
        let named = PATH_FIELDS.iter().filter_map(|field| input.get(field));
        let paths = places.chain(named).filter_map(Value::as_str).map(str::to_owned).collect();
        Self { paths, command: input.get("command").and_then(Value::as_str).map(str::to_owned) }
    }
}

impl Grants {
    /// `subject` was allowed, for good if `always`.
    pub(super) fn allow(&mut self, subject: Subject, always: bool) {
        self.edits_always |= always && !subject.paths.is_empty();
        self.commands_always |= always && subject.command.is_some();
        self.once.push(subject);
    }

    /// The turn is over.
    pub(super) fn end_turn(&mut self) {
        self.once.clear();
    }

    /// Whether the file `path` may be written without another question. What was allowed once is used up by it.
    pub(super) fn use_path(&mut self, path: &str) -> bool {
        let is_it = |allowed: &String| allowed == path;
        self.edits_always || self.once.iter_mut().any(|subject| use_up(&mut subject.paths, is_it))
    }

    /// Whether `command` may be run without another question. What was allowed once is used up by it.
    pub(super) fn use_command(&mut self, command: &str) -> bool {
        self.commands_always
            || self.once.iter_mut().any(|subject| subject.command.take_if(|allowed| allowed == command).is_some())
    }
}

fn use_up(allowed: &mut Vec<String>, is_it: impl Fn(&String) -> bool) -> bool {
    let before = allowed.len();
    allowed.retain(|allowed| !is_it(allowed));
    allowed.len() < before
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_allowed_is_allowed_once_and_in_that_turn() {
        let mut grants = Grants::default();
        let call = json!({"locations": [{"path": "/p/a"}], "content": [{"type": "diff", "path": "/p/b"}]});
        grants.allow(Subject::of(&call, &json!({"file_path": "/p/c"})), false);
        grants.allow(Subject::of(&json!({}), &json!({"command": "ls"})), false);
        assert!(["/p/a", "/p/b"].iter().all(|path| grants.use_path(path)) && !grants.use_path("/p/d"));
        assert!(!grants.use_path("/p/a"), "it was allowed once");
        assert!(!grants.use_command("ls; rm a") && grants.use_command("ls") && !grants.use_command("ls"));
        grants.end_turn();
        assert!(!grants.use_path("/p/c"), "it was for that turn");
    }

    #[test]
    fn what_was_allowed_for_good_stays_allowed_for_its_kind() {
        let mut grants = Grants::default();
        grants.allow(Subject::of(&json!({}), &json!({"command": "ls"})), true);
        grants.end_turn();
        assert!(grants.use_command("make") && grants.use_command("make") && !grants.use_path("/p/a"));
    }
}
