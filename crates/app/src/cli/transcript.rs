//! What a session is and what is unfinished in it, on a screen.

use std::path::Path;

use switchboard_domain::{Cost, Session, SessionChange, StoredSession};

use crate::terminal::{Style, cost, duration, single_line, status_style};

/// The head of a session on a screen: what it is and how it stands.
pub(crate) fn heading(session: &Session, folder: Option<&Path>) -> String {
    let status = status_style(session.status()).paint(session.status().as_str());
    let mut facts = vec![status, single_line(&session.agent)];
    facts.extend(session.model.as_deref().map(single_line));
    facts.extend(folder.map(|folder| single_line(&folder.to_string_lossy())));
    facts.extend((!session.elapsed.is_zero()).then(|| duration(session.elapsed)));
    facts.extend((session.cost > Cost::ZERO).then(|| cost(session.cost)));
    let title = Style::STRONG.paint(&single_line(&session.title));
    let mut lines = vec![format!("{}  {title}", Style::ACCENT.paint(&session.id.short())), facts.join(" · ")];
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
    changes.extend(calls.map(|call| SessionChange::ToolCalled { call: Box::new(call.clone()) }));
    changes
}
