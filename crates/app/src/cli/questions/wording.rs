//! The words of a question, and what counts as an answer.

use serde_json::Value;
use switchboard_domain::Approval;

use crate::terminal::{Style, single_line, visible};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Verdict {
    /// This call may be made.
    Yes,
    /// It may not.
    No,
    /// It may, and others like it: which ones is asked next.
    Always,
    /// Something else was typed, or nothing.
    Unclear,
}

/// What a line means as an answer. Nothing but a clear word is a yes.
pub(in crate::cli) fn verdict(line: &str) -> Verdict {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Verdict::Yes,
        "n" | "no" => Verdict::No,
        "a" | "always" => Verdict::Always,
        _ => Verdict::Unclear,
    }
}

/// The question: who asks, for which tool, and all that it is given, with nothing hidden and nothing
/// left out.
pub(in crate::cli) fn question(approval: &Approval, title: &str) -> String {
    let tool = Style::STRONG.paint(&visible(&approval.request.tool_name).replace('\n', "␊"));
    let id = Style::ACCENT.paint(&approval.session_id.short());
    let head =
        format!("{} {id} {} wants to use {tool}:", Style::ATTENTION.paint("?"), Style::DIM.paint(&single_line(title)));
    format!("\n{head}\n\n{}\n", indented(&input(&approval.request.input)))
}

/// What comes before the cursor.
pub(in crate::cli) const PROMPT: &str = "  Allow it? [y]es, [n]o, [a]lways …: ";

fn input(input: &Value) -> String {
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) if text.contains('\n') => format!("{}:\n{}", visible(name), indented(&visible(text))),
        Value::String(text) => format!("{}: {}", visible(name), visible(text)),
        other => format!("{}: {}", visible(name), visible(&format!("{other:#}"))),
    };
    match input {
        Value::Object(fields) => fields.iter().map(field).collect::<Vec<_>>().join("\n"),
        Value::String(text) => visible(text),
        other => visible(&format!("{other:#}")),
    }
}

fn indented(text: &str) -> String {
    text.split('\n').map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(super) mod tests {
    use rstest::rstest;
    use serde_json::json;
    use switchboard_domain::{ApprovalRequest, RequestId, SessionId, Timestamp};

    use super::*;

    #[rstest]
    #[case("y", Verdict::Yes)]
    #[case(" YES ", Verdict::Yes)]
    #[case("n", Verdict::No)]
    #[case("a", Verdict::Always)]
    #[case("", Verdict::Unclear)]
    #[case("yep", Verdict::Unclear)]
    #[case("yes please", Verdict::Unclear)]
    fn only_a_clear_word_is_an_answer(#[case] line: &str, #[case] expected: Verdict) {
        assert_eq!(verdict(line), expected);
    }

    pub(in crate::cli) fn approval(input: Value) -> Approval {
        let request = ApprovalRequest {
            request_id: RequestId::new("apr_1"),
            tool_name: "Bash\u{1b}[2J".into(),
            input,
            suggestions: None,
        };
        Approval::new(SessionId::new(uuid::Uuid::nil()), request, Timestamp::from_micros(0))
    }

    #[test]
    fn the_whole_command_is_shown_and_nothing_in_it_hides() {
        let long = "x".repeat(20_000);
        let command = format!("ls\rrm -rf /\u{1b}[1A\u{202e}\necho {long}");
        let approval = approval(json!({"command": command, "timeout": 3}));
        let shown = anstream::adapter::strip_str(&question(&approval, "a title")).to_string().replace(&long, "LONG");
        insta::assert_snapshot!(shown, @r"
        ? 00000000 a title wants to use Bash␛[2J:

            command:
                ls␍rm -rf /␛[1A\u{202e}
                echo LONG
            timeout: 3
        ");
    }
}
