//! A session at a glance: one short line for each thing that a table of sessions shows.

use std::time::Duration;

use switchboard_domain::{Approval, Health, Timestamp};
use switchboard_store::SessionState;

use super::tool_summary::{call_summary, input_summary};
use crate::terminal::{Cell, Style, single_line, status_style, waits_for};

/// Text at the end of a message under way that can matter for its last line.
const TAIL_BYTES: usize = 400;

/// How it stands; `asks` when its agent waits for an answer, `waiting` when its agent may not begin yet.
pub(super) fn status(it: &SessionState) -> Cell {
    let (word, style) = word(it);
    Cell::styled(word, style)
}

/// [`status`] as a word and its style.
pub(super) fn word(it: &SessionState) -> (&'static str, Style) {
    match it.session().status() {
        _ if it.pending_approvals().next().is_some() => ("asks", Style::ATTENTION),
        _ if it.waiting().is_some() => ("waiting", Style::DIM),
        status => (status.as_str(), status_style(status)),
    }
}

/// What an agent asks.
pub(super) fn question(asked: &Approval) -> String {
    format!("{} {}", single_line(&asked.request.tool_name), input_summary(&asked.request.input))
}

/// How the way to the disk is.
pub(super) fn health(health: &Health) -> String {
    match health {
        Health::Healthy => Style::GOOD.paint("saving works again; everything is on disk"),
        Health::Degraded { reason, unsaved, .. } => {
            let line = format!("saving is behind: {} ({unsaved} changes wait; nothing is lost)", single_line(reason));
            Style::ATTENTION.paint(&line)
        }
    }
}

/// The time a session has worked, the turn under way included, the time in line not.
pub(super) fn worked(it: &SessionState, now: Timestamp) -> Duration {
    let session = it.session();
    let under_way = session.turn_started_at.filter(|_| !session.status().is_final() && it.waiting().is_none());
    session.elapsed + under_way.map_or(Duration::ZERO, |since| now.since(since))
}

/// The last thing that a session has to say, on one line.
pub(super) fn last_words(it: &SessionState) -> String {
    if let Some(error) = &it.session().error {
        return single_line(error);
    }
    if let Some(waiting) = it.waiting() {
        return waits_for(&waiting.reason);
    }
    if let Some(asked) = it.pending_approvals().next() {
        return question(asked);
    }
    let draft = it.draft();
    if let Some(call) = draft.tool_calls.as_slice().iter().rev().find(|call| call.output.is_none()) {
        let (tool, what) = call_summary(call);
        return format!("{tool} {what}");
    }
    let message = || it.transcript().messages().rev().map(|message| message.body.content.as_str());
    let said = [draft.content.as_str(), draft.thinking.as_str()].into_iter().chain(message());
    said.map(last_line).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The last line of a text with something on it.
pub(super) fn last_line(text: &str) -> String {
    let start = text.len().saturating_sub(TAIL_BYTES);
    let start = (start..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let tail = &text[start..];
    // Not in the middle of a word, unless it is all one.
    let tail = if start > 0 { tail.split_once(' ').map_or(tail, |(_, rest)| rest) } else { tail };
    tail.lines().rev().map(single_line).find(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_with_words_on_it_counts() {
        assert_eq!(last_line("a\nb \n \n"), "b");
        assert_eq!(last_line(""), "");
        assert_eq!(last_line(&"é".repeat(1_000)).chars().count(), TAIL_BYTES / 2);
    }
}
