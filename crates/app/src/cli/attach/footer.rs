//! What stands below the running text: how the session is, what can be done, and what is being written.

use switchboard_domain::{Cost, Timestamp};
use switchboard_store::SessionState;
use unicode_width::UnicodeWidthStr;

use super::composer::Composer;
use crate::cli::glance;
use crate::cli::output::Window;
use crate::cli::screen::Pane;
use crate::terminal::{Style, cost, cut, duration};

/// The composer takes up at most this part of the window.
const COMPOSER_PART: usize = 3;

/// What is said when nothing waits for an answer.
const HINT: &str = "/help · Ctrl-D leaves";
const HINT_ASKED: &str = "/approve or /deny";

/// The footer for a window.
pub(super) fn pane(it: Option<&SessionState>, composer: &Composer, window: Window, now: Timestamp) -> Pane {
    let written = composer.rows(window.columns.saturating_sub(1), (window.rows / COMPOSER_PART).max(1));
    let (row, column) = written.cursor;
    let mut rows = vec![String::new(), rule(it, window.columns.saturating_sub(1), now)];
    let above = rows.len();
    rows.extend(written.rows);
    Pane { rows, cursor: Some((above + row, column)) }
}

/// One line across the window, with how the session is at its left and what can be done at its right.
fn rule(it: Option<&SessionState>, columns: usize, now: Timestamp) -> String {
    let is_asked = it.is_some_and(|it| it.pending_approvals().next().is_some());
    let (hint, hint_style) = if is_asked { (HINT_ASKED, Style::ATTENTION) } else { (HINT, Style::DIM) };
    let room = columns.saturating_sub(hint.width() + 7);
    let (facts, style) = it.map_or_else(|| ("deleted".to_owned(), Style::BAD), |it| facts(it, now));
    let facts = cut(&facts, room);
    let line = "─".repeat(columns.saturating_sub(facts.width() + hint.width() + 7).max(1));
    [
        Style::DIM.paint("──"),
        format!(" {} ", style.paint(&facts)),
        Style::DIM.paint(&line),
        format!(" {} ", hint_style.paint(hint)),
        Style::DIM.paint("─"),
    ]
    .concat()
}

fn facts(it: &SessionState, now: Timestamp) -> (String, Style) {
    let session = it.session();
    let is_running = !session.status().is_final();
    let (word, style) = glance::word(it);
    let mut facts = vec![word.to_owned()];
    if let Some(asked) = it.pending_approvals().next() {
        facts = vec![format!("asks: {}", glance::question(asked))];
    }
    let worked = glance::worked(it, now);
    if is_running || !worked.is_zero() {
        facts.push(duration(worked));
    }
    facts.extend((session.cost > Cost::ZERO).then(|| cost(session.cost)));
    let queued = it.queue().len();
    facts.extend((queued > 0).then(|| format!("{queued} queued")));
    (facts.join(" · "), style)
}
