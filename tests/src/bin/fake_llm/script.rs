//! What is answered to which prompt.
//!
//! | word in the newest prompt | answer |
//! |---|---|
//! | `THINK` | thinks first |
//! | `TOOL` | calls the agent's shell, and says so when the result has come |
//! | `EDIT` | the same with the agent's tool that writes files |
//! | `ESC` | with `TOOL`: wants the call outside of the agent's sandbox, where it knows such a thing |
//! | `SLOW` | goes on for half a minute, word by word |
//! | `FAIL` | an HTTP error |
//!
//! Any other prompt is repeated.

use std::time::Duration;

use serde_json::{Value, json};

/// What the called shell does, if it is allowed to.
pub(crate) const COMMAND: &str = "echo hi > hello.txt";

/// What is thought.
pub(crate) const THOUGHT: [&str; 3] = ["Let me ", "think ", "about this."];

/// The error of a request that shall fail.
pub(crate) const FAILURE: &str = "fake failure";

/// Between two words.
const PACE: Duration = Duration::from_millis(5);

/// Between two words of an answer that shall be interrupted.
const SLOW_PACE: Duration = Duration::from_millis(300);

/// How many such words there are.
const SLOW_WORDS: u32 = 100;

/// A prompt longer than this is repeated by its end.
const REPEATED_CHARS_MAX: usize = 60;

/// Names that agents give their shell.
const SHELLS: [&str; 9] = [
    "Bash",
    "bash",
    "shell",
    "shell_command",
    "local_shell",
    "exec_command",
    "run_shell_command",
    "container.exec",
    "mcp__acp__Bash",
];

/// Names that agents give the tool that writes a file.
const WRITERS: [&str; 4] = ["Write", "write", "write_file", "mcp__acp__Write"];

/// What a request asks for, whatever its format.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The newest prompt, without what the agent itself has put into it.
    pub(crate) prompt: String,
    /// Whether a tool's result has come since.
    pub(crate) after_tool: bool,
    /// The tools there are.
    pub(crate) tools: Vec<String>,
}

/// What is answered.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) thinks: bool,
    pub(crate) words: Vec<String>,
    pub(crate) pace: Duration,
    pub(crate) call: Option<Call>,
}

/// A tool that is called.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) input: Value,
}

/// The request shall fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl Asked {
    /// Whether the prompt has `word`.
    fn says(&self, word: &str) -> bool {
        self.prompt.contains(word)
    }

    /// What is answered.
    pub(crate) fn answer(&self) -> Result<Answer, Refused> {
        if self.says("FAIL") {
            return Err(Refused);
        }
        if self.after_tool {
            let words = ["Tool ", "finished; ", "all ", "done."].map(str::to_owned).to_vec();
            return Ok(Answer { thinks: false, words, pace: PACE, call: None });
        }
        // What an agent asks beside the conversation, such as a title for it, has no tools and shall not take long.
        let is_slow = self.says("SLOW") && !self.tools.is_empty();
        let words = if is_slow {
            (0..SLOW_WORDS).map(|number| format!("w{number} ")).collect()
        } else if self.says("TOOL") || self.says("EDIT") {
            ["I ", "will ", "use ", "a tool."].map(str::to_owned).to_vec()
        } else {
            vec!["Hello ".to_owned(), "from the fake model. ".to_owned(), format!("You said: {}", self.end_of_prompt())]
        };
        let pace = if is_slow { SLOW_PACE } else { PACE };
        Ok(Answer { thinks: self.says("THINK"), words, pace, call: self.call() })
    }

    fn call(&self) -> Option<Call> {
        let known: &[&str] = match (self.says("TOOL"), self.says("EDIT")) {
            (true, _) => &SHELLS,
            (_, true) => &WRITERS,
            _ => return None,
        };
        let name = known.iter().find(|name| self.tools.iter().any(|tool| tool == *name))?;
        let mut input = input(name);
        if self.says("ESC") {
            input["sandbox_permissions"] = json!("require_escalated");
            input["justification"] = json!("a test");
        }
        Some(Call { name: (*name).to_owned(), input })
    }

    fn end_of_prompt(&self) -> String {
        let prompt = self.prompt.trim();
        let skipped = prompt.chars().count().saturating_sub(REPEATED_CHARS_MAX);
        prompt.chars().skip(skipped).collect()
    }
}

impl Answer {
    /// All its words.
    pub(crate) fn text(&self) -> String {
        self.words.concat()
    }
}

/// What the tool `name` is given; each agent's has arguments of its own.
fn input(name: &str) -> Value {
    match name {
        "bash" | "mcp__acp__Bash" => json!({"command": COMMAND, "description": "Writes hello", "timeout": 10_000}),
        "shell" | "local_shell" | "container.exec" => json!({"command": ["bash", "-lc", COMMAND]}),
        "shell_command" => json!({"command": COMMAND}),
        "exec_command" => json!({"cmd": COMMAND}),
        "write" => json!({"filePath": "hello.txt", "path": "hello.txt", "content": "hi\n"}),
        name if WRITERS.contains(&name) => json!({"file_path": "hello.txt", "content": "hi\n"}),
        _ => json!({"command": COMMAND, "description": "Writes hello"}),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn asked(prompt: &str, tools: &[&str]) -> Asked {
        let tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        Asked { prompt: prompt.to_owned(), after_tool: false, tools }
    }

    #[rstest]
    #[case::shell("TOOL", &["Write", "Bash"], Some(("Bash", "command")))]
    #[case::codex("TOOL", &["exec_command"], Some(("exec_command", "cmd")))]
    #[case::escalated("TOOL ESC", &["shell"], Some(("shell", "justification")))]
    #[case::file("EDIT", &["Write", "Bash"], Some(("Write", "file_path")))]
    #[case::no_such_tool("TOOL", &["Read"], None)]
    #[case::not_asked_for("hello", &["Bash"], None)]
    fn a_tool_is_called_by_the_agents_own_name(
        #[case] prompt: &str,
        #[case] tools: &[&str],
        #[case] call: Option<(&str, &str)>,
    ) {
        let called = asked(prompt, tools).answer().expect("an answer").call;
        assert_eq!(called.as_ref().map(|call| call.name.as_str()), call.map(|(name, _)| name));
        assert!(call.is_none_or(|(_, argument)| !called.expect("a call").input[argument].is_null()));
    }

    #[test]
    fn a_result_ends_the_turn() {
        let answer = Asked { after_tool: true, ..asked("THINK TOOL SLOW", &["Bash"]) }.answer().expect("an answer");
        assert!(!answer.thinks && answer.call.is_none() && answer.pace == PACE);
    }

    #[test]
    fn questions_beside_the_conversation_are_answered_at_once() {
        assert_eq!(asked("SLOW", &[]).answer().expect("an answer").pace, PACE);
        assert_eq!(asked("SLOW", &["Bash"]).answer().expect("an answer").words.len(), SLOW_WORDS as usize);
    }

    #[test]
    fn a_prompt_can_ask_for_failure() {
        assert_eq!(asked("please FAIL", &[]).answer(), Err(Refused));
    }
}
