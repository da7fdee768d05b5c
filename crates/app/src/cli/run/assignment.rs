//! One line of a parallel file: what is to be done, and by whom.
//!
//! A line is a prompt as it stands. It may begin with options, as on the command line (`--agent codex fix the
//! build`), or be one JSON object for all that can be said of a session. `-- ` before a prompt that would be taken for
//! one of these says that it is none.

use std::path::PathBuf;

use serde::Deserialize;

/// What is to be done, and whatever was said about how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// What the agent shall do.
    pub(super) prompt: String,
    /// Which agent.
    #[serde(default)]
    pub(super) agent: Option<String>,
    /// The folder it works in.
    #[serde(default)]
    pub(super) project: Option<PathBuf>,
    /// The model, in the agent's own words.
    #[serde(default)]
    pub(super) model: Option<String>,
    /// What to call the session.
    #[serde(default)]
    pub(super) title: Option<String>,
    /// Where it was read, to be named when it makes no sense; `None` for the command line.
    #[serde(skip)]
    pub(super) place: Option<String>,
}

/// What makes the rest of a line the prompt, whatever it looks like.
const ESCAPE: &str = "--";

impl Assignment {
    /// Reads a line, or says why it makes no sense.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let assignment = if line.starts_with('{') {
            serde_json::from_str(line).map_err(|error| format!("this is no JSON of the expected shape: {error}"))?
        } else {
            Self::with_options(line)?
        };
        if assignment.prompt.trim().is_empty() {
            return Err("there is no prompt".to_owned());
        }
        Ok(assignment)
    }

    fn with_options(line: &str) -> Result<Self, String> {
        let mut assignment = Self::default();
        let mut rest = line;
        loop {
            let (word, behind) = first_word(rest);
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let option = match name {
                "--agent" => &mut assignment.agent,
                "--model" => &mut assignment.model,
                _ => {
                    let prompt = if word == ESCAPE { behind } else { rest }.to_owned();
                    return Ok(Self { prompt, ..assignment });
                }
            };
            let (value, behind) = value.map_or_else(|| first_word(behind), |value| (value, behind));
            if value.is_empty() {
                return Err(format!("`{name}` needs a value"));
            }
            if option.replace(value.to_owned()).is_some() {
                return Err(format!("`{name}` is there twice"));
            }
            rest = behind;
        }
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn assignment(prompt: &str, agent: Option<&str>, model: Option<&str>) -> Assignment {
        let text = |text: &str| text.to_owned();
        Assignment {
            prompt: prompt.to_owned(),
            agent: agent.map(text),
            model: model.map(text),
            ..Assignment::default()
        }
    }

    #[rstest]
    #[case::plain("fix the build", assignment("fix the build", None, None))]
    #[case::options_inside_are_words("explain --agent codex", assignment("explain --agent codex", None, None))]
    #[case::other_options_are_words("--verbose is broken", assignment("--verbose is broken", None, None))]
    #[case::a_longer_word("--agents are slow", assignment("--agents are slow", None, None))]
    #[case::a_mention("@src/main.rs explain", assignment("@src/main.rs explain", None, None))]
    #[case::an_agent("--agent codex  fix it", assignment("fix it", Some("codex"), None))]
    #[case::with_an_equals_sign("--agent=codex fix it", assignment("fix it", Some("codex"), None))]
    #[case::both("--model gpt-5 --agent codex fix", assignment("fix", Some("codex"), Some("gpt-5")))]
    #[case::escaped("-- --agent codex is a flag", assignment("--agent codex is a flag", None, None))]
    #[case::escaped_json("-- {\"a\": 1} is JSON", assignment("{\"a\": 1} is JSON", None, None))]
    #[case::escaped_escape("-- -- ends options", assignment("-- ends options", None, None))]
    #[case::escaped_after_options("--agent a -- --model is a flag", assignment("--model is a flag", Some("a"), None))]
    #[case::json("{\"prompt\": \"fix\", \"agent\": \"codex\"}", assignment("fix", Some("codex"), None))]
    fn a_line_says_what_is_to_be_done(#[case] line: &str, #[case] expected: Assignment) {
        assert_eq!(Assignment::parse(line), Ok(expected));
    }

    #[test]
    fn json_says_everything() {
        let line = r#"{"prompt": "two\nlines", "agent": "a", "project": "../site", "model": "m", "title": "t"}"#;
        let expected = Assignment {
            project: Some("../site".into()),
            title: Some("t".into()),
            ..assignment("two\nlines", Some("a"), Some("m"))
        };
        assert_eq!(Assignment::parse(line), Ok(expected));
    }

    #[rstest]
    #[case::no_agent("--agent", "needs a value")]
    #[case::an_empty_agent("--agent= fix", "needs a value")]
    #[case::twice("--agent a --agent b fix", "twice")]
    #[case::nothing_to_do("--agent a", "no prompt")]
    #[case::only_the_escape("--", "no prompt")]
    #[case::a_blank_prompt("{\"prompt\": \" \"}", "no prompt")]
    #[case::without_prompt("{\"agent\": \"a\"}", "missing field `prompt`")]
    #[case::an_unknown_field("{\"prompt\": \"a\", \"agnet\": \"b\"}", "unknown field `agnet`")]
    #[case::no_json("{fix it}", "no JSON")]
    fn what_makes_no_sense_says_why(#[case] line: &str, #[case] reason: &str) {
        let why = Assignment::parse(line).expect_err("it makes no sense");
        assert!(why.contains(reason), "{why}");
    }

    proptest! {
        #[test]
        fn every_prompt_can_be_written(prompt in "[!-~]([ -~]{0,30}[!-~])?") {
            let escaped = Assignment::parse(&format!("-- {prompt}")).expect("it is a prompt");
            prop_assert_eq!(escaped, assignment(&prompt, None, None));
        }

        #[test]
        fn a_prompt_that_begins_with_a_word_stays_as_it_is(prompt in "[a-zA-Z@/#*.`][ -~]{0,30}") {
            prop_assert_eq!(Assignment::parse(&prompt), Ok(assignment(prompt.trim(), None, None)));
        }
    }
}
