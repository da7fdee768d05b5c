//! A whole transcript as Markdown, for a file.

use std::sync::Arc;

use switchboard_domain::{Cost, Message, Project, Role, StoredSession, ToolCall};

use crate::terminal::{Sanitizer, cost, duration, single_line};
use crate::tool_summary::input_summary;

/// The transcript as Markdown, for a file.
pub(crate) fn to_markdown(stored: &StoredSession, project: Option<&Project>, messages: &[Arc<Message>]) -> String {
    let session = &stored.session;
    let mut blocks = vec![format!("# {}", single_line(&session.title)), facts(stored, project)];
    for message in messages {
        let body = &message.body;
        let speaker = match body.role {
            Role::User => "You".to_owned(),
            Role::Assistant => single_line(&session.agent),
            Role::System => "Note".to_owned(),
        };
        let time = message.created_at.to_datetime().format("%Y-%m-%d %H:%M:%S UTC");
        blocks.push(format!("## {speaker}, {time}"));
        if let Some(thinking) = body.thinking.as_deref().filter(|thinking| !thinking.is_empty()) {
            blocks.push(quoted(&clean(thinking)));
        }
        if !body.content.is_empty() {
            blocks.push(clean(&body.content).trim_end().to_owned());
        }
        blocks.extend(body.tool_calls.iter().map(tool_call));
    }
    if !stored.draft.content.is_empty() {
        blocks.push("## Unfinished".to_owned());
        blocks.push(clean(&stored.draft.content).trim_end().to_owned());
    }
    blocks.join("\n\n") + "\n"
}

fn facts(stored: &StoredSession, project: Option<&Project>) -> String {
    let session = &stored.session;
    let mut facts = vec![format!("- session: `{}`", session.id), format!("- agent: {}", single_line(&session.agent))];
    if let Some(model) = &session.model {
        facts.push(format!("- model: {}", single_line(model)));
    }
    if let Some(project) = project {
        facts.push(format!("- folder: {}", single_line(&project.path.to_string_lossy())));
    }
    facts.push(format!("- status: {}", session.status()));
    if !session.elapsed.is_zero() {
        facts.push(format!("- worked: {}", duration(session.elapsed)));
    }
    if session.cost > Cost::ZERO {
        facts.push(format!("- cost: {}", cost(session.cost)));
    }
    if let Some(error) = &session.error {
        facts.push(format!("- error: {}", single_line(error)));
    }
    facts.join("\n")
}

fn tool_call(call: &ToolCall) -> String {
    let input = input_summary(&call.input);
    let head = if input.is_empty() {
        format!("**{}**", single_line(&call.name))
    } else {
        format!("**{}** {}", single_line(&call.name), code(&input))
    };
    let Some(output) = &call.output else { return head };
    let text = output.as_str().map_or_else(|| format!("{output:#}"), str::to_owned);
    let failed = if call.is_error { " failed" } else { "" };
    format!("{head}{failed}\n\n{}", fenced(&clean(&text)))
}

fn quoted(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

/// Inline code, whatever backticks are in it.
fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{ticks} {text} {ticks}")
    } else {
        format!("{ticks}{text}{ticks}")
    }
}

/// A block of code, whatever fences are in it.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

fn clean(text: &str) -> String {
    let mut sanitizer = Sanitizer::for_pipe();
    let clean = sanitizer.push(text);
    clean + sanitizer.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_domain::{Draft, MessageBody, Seq};
    use switchboard_store::testing::sample;

    use super::*;

    #[test]
    fn markdown_survives_whatever_is_in_it() {
        let mut session = sample::session(1, 1);
        session.title = "# not\na heading".into();
        session.error = Some("went wrong".into());
        let draft = Draft { content: "half a th".into(), ..Draft::default() };
        let stored = StoredSession { session, last_seq: Seq::new(2), draft };
        let call = ToolCall {
            id: None,
            name: "Bash".into(),
            input: json!({"command": "echo `date`"}),
            output: Some(json!("```\nfence\n```\u{1b}[31m\n")),
            is_error: false,
        };
        let asked = Message { body: MessageBody::text(Role::User, "please\u{1b}[2J"), ..sample::message(1, 1) };
        let mut body = MessageBody::text(Role::Assistant, "Done.\n");
        (body.thinking, body.tool_calls) = (Some("one\ntwo".into()), vec![call]);
        let answered = Message { body, ..sample::message(1, 2) };
        let page = to_markdown(&stored, Some(&sample::project(1)), &[Arc::new(asked), Arc::new(answered)]);
        insta::assert_snapshot!(page.replace(&stored.session.id.to_string(), "ID"), @"
        # # not a heading

        - session: `ID`
        - agent: builtin
        - folder: /code/project-1
        - status: running
        - error: went wrong

        ## You, 2027-01-15 08:00:01 UTC

        please

        ## builtin, 2027-01-15 08:00:02 UTC

        > one
        > two

        Done.

        **Bash** `` echo `date` ``

        ````text
        ```
        fence
        ```
        ````

        ## Unfinished

        half a th
        ");
    }
}
