//! The table of all sessions.

use switchboard_domain::{Cost, Timestamp};
use switchboard_store::{SessionState, State};

use super::rank::{Need, need, ranked};
use super::source::Scene;
use crate::cli::glance;
use crate::cli::output::Window;
use crate::cli::screen::Pane;
use crate::terminal::{Align, Cell, Column, Style, Table, cost, cut, single_line, worked};

/// Windows from this many columns on have room for more of them.
const ROOM_FOR_PROJECT: usize = 100;
const ROOM_FOR_AGENT: usize = 120;

/// Rows around the table: the summary and a blank one above, its head, a blank one and a hint below.
const FRAME_ROWS: usize = 6;

/// Sessions in the table that stays when somebody leaves.
const STAY: usize = 10;

/// What is painted.
pub(super) fn pane(scene: Scene<'_>, is_live: bool, window: Window, now: Timestamp) -> Pane {
    let room = window.rows.saturating_sub(FRAME_ROWS).max(1);
    let state = scene.state;
    let sessions = ranked(state, now);
    let mut rows = vec![summary(state, now), String::new()];
    if sessions.is_empty() {
        rows.push("no sessions yet: `switchboard run PROMPT` starts one".to_owned());
    } else {
        let shown = &sessions[..room.min(sessions.len())];
        let columns = window.columns.saturating_sub(1);
        rows.extend(
            table(shown.iter().map(|it| &***it), scene, window, now).for_window(columns).lines().map(str::to_owned),
        );
        if shown.len() < sessions.len() {
            rows.push(Style::DIM.paint(&format!("… and {} more: `switchboard ls`", sessions.len() - shown.len())));
        }
    }
    rows.push(String::new());
    rows.push(hint(state, is_live, now, window.columns.saturating_sub(1)));
    Pane { rows, cursor: None }
}

/// What stays on the terminal.
pub(super) fn whole(scene: Scene<'_>, window: Window, now: Timestamp) -> String {
    let sessions = ranked(scene.state, now);
    let shown = sessions.iter().take(STAY).map(|it| &***it);
    format!("{}\n\n{}", summary(scene.state, now), table(shown, scene, window, now).for_window(window.columns))
}

fn hint(state: &State, is_live: bool, now: Timestamp, columns: usize) -> String {
    let asks = state.sessions().any(|it| need(it, now) == Some(Need::Answer));
    let mut hints = vec!["q leaves".to_owned()];
    if asks {
        hints.insert(0, "`switchboard approve` answers".to_owned());
    }
    hints.push("`switchboard attach ID` goes to one".to_owned());
    if !is_live {
        hints.push("no daemon runs: this is what is on disk".to_owned());
    }
    Style::DIM.paint(&cut(&hints.join(" · "), columns))
}

fn summary(state: &State, now: Timestamp) -> String {
    let count = |wanted: &dyn Fn(&SessionState) -> bool| state.sessions().filter(|it| wanted(it)).count();
    let needs = count(&|it| need(it, now).is_some());
    let running = count(&|it| need(it, now).is_none() && !it.session().status().is_final());
    let resting = state.sessions().count() - needs - running;
    let mut parts = Vec::new();
    if needs > 0 {
        let word = if needs == 1 { "1 needs you".to_owned() } else { format!("{needs} need you") };
        parts.push(Style::ATTENTION.paint(&word));
    }
    parts.push(Style::ACCENT.paint(&format!("{running} running")));
    parts.push(format!("{resting} at rest"));
    let spent = state.sessions().fold(Cost::ZERO, |sum, it| sum + it.session().cost);
    parts.extend((spent > Cost::ZERO).then(|| cost(spent)));
    parts.join(" · ")
}

/// A table of these sessions.
fn table<'a>(
    sessions: impl Iterator<Item = &'a SessionState>,
    scene: Scene<'_>,
    window: Window,
    now: Timestamp,
) -> Table {
    let mut columns = vec![Column::new("ID"), Column::new("STATUS")];
    let (agents, projects) = (window.columns >= ROOM_FOR_AGENT, window.columns >= ROOM_FOR_PROJECT);
    columns.extend(agents.then(|| Column::new("AGENT").flexible()));
    columns.extend(projects.then(|| Column::new("PROJECT").flexible()));
    columns.extend([
        Column::new("TIME").aligned(Align::Right).optional(),
        Column::new("COST").aligned(Align::Right).optional(),
        Column::new("TITLE").flexible(),
        Column::new("LAST").flexible(),
    ]);
    let mut table = Table::new(columns);
    for it in sessions {
        let session = it.session();
        let mut cells = vec![Cell::styled(session.id.short(), Style::ACCENT), glance::status(it)];
        cells.extend(agents.then(|| single_line(&session.agent).into()));
        let project = || scene.state.project(session.project_id).map_or_else(String::new, |it| single_line(&it.name));
        cells.extend(projects.then(|| project().into()));
        let last = if need(it, now).is_some() { Style::PLAIN } else { Style::DIM };
        cells.extend([
            worked(glance::worked(it, now)).into(),
            cost(session.cost).into(),
            single_line(&session.title).into(),
            Cell::styled(scene.last_words(it), last),
        ]);
        table.row(cells);
    }
    table
}

#[cfg(test)]
mod tests;
