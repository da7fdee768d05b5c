//! A whole transcript: on a screen, or as Markdown.

use std::sync::Arc;

use switchboard_domain::{Message, Project, Role, SessionChange, StoredSession, ToolCall};

use super::tool_summary::input_summary;
use crate::terminal::{Sanitizer, Style, cost, duration, single_line, status_style};

/// The head of a session on a screen: what it is and how it stands.
pub(crate) fn heading(stored: &StoredSession, project: Option<&Project>) -> String {
    let session = &stored.session;
    let status = status_style(session.status()).paint(session.status().as_str());
    let folder =
        project.map_or_else(String::new, |project| format!(" · {}", single_line(&project.path.to_string_lossy())));
    let model = session.model.as_deref().map_or_else(String::new, |model| format!(" · {}", single_line(model)));
    let mut lines = vec![
        format!("{}  {}", Style::ACCENT.paint(&session.id.short()), Style::STRONG.paint(&single_line(&session.title))),
        format!(
            "{status} · {}{model}{folder} · {} · {}",
            single_line(&session.agent),
            duration(session.elapsed),
            cost(session.cost)
        ),
    ];
    if let Some(error) = &session.error {
        lines.push(Style::BAD.paint(&single_line(error)));
    }
    lines.join("\n") + "\n"
}

/// What is under way, as the changes that made it.
pub(crate) fn unfinished(stored: &StoredSession) -> Vec<SessionChange> {
    let draft = &stored.draft;
    let mut changes = Vec::new();
    if !draft.thinking.is_empty() {
        changes.push(SessionChange::ThinkingStreamed { text: draft.thinking.clone() });
    }
    if !draft.content.is_empty() {
        changes.push(SessionChange::ContentStreamed { text: draft.content.clone() });
    }
    let calls = draft.tool_calls.as_slice().iter();
    changes.extend(calls.map(|call| SessionChange::ToolCalled { call: call.clone() }));
    changes
}

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
    facts.push(format!("- worked: {}", duration(session.elapsed)));
    if session.cost.as_micro_usd() > 0 {
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
    format!("{head}\n\n{}", fenced(&clean(&text)))
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
