//! Several sessions at a glance: a table on the terminal that is painted again as things change.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Message, Timestamp};
use switchboard_store::{Published, SessionState};

use super::ending;
use super::job::{Job, Phase};
use super::stage::{Stage, View};
use crate::cli::{ExitCode, Failure, Output};
use crate::terminal::{Align, Cell, Column, Style, Table, cost, duration, single_line, status_style};

/// Text at the end of a message under way that can matter for its last line.
const TAIL_BYTES: usize = 400;

/// Shows several sessions as one table.
#[derive(Debug)]
pub(super) struct Board {
    is_over: bool,
}

impl Board {
    /// Nothing painted yet.
    pub(super) const fn new() -> Self {
        Self { is_over: false }
    }
}

impl Stage for Board {
    fn tick_every(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn change(&mut self, _published: &Published, _job: Option<usize>, _output: &mut Output) -> Result<(), Failure> {
        // Painted on the next tick, from what the store has then.
        Ok(())
    }

    fn missed(&mut self, _message: &Arc<Message>, _job: usize, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    fn tick(&mut self, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        if self.is_over {
            return Ok(());
        }
        // One line is left for the cursor, one for the summary.
        let rows = output.window().rows.saturating_sub(3).max(1);
        let mut picture = table(view, rows).for_window(output.window().columns);
        let hidden = view.jobs.len().saturating_sub(rows);
        if hidden > 0 {
            picture.push_str(&Style::DIM.paint(&format!("… and {hidden} more\n")));
        }
        output.paint(&picture)
    }

    fn step_aside(&mut self, output: &mut Output) -> Result<(), Failure> {
        output.paint("")
    }

    fn over(&mut self, _job: usize, _view: View<'_>, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, _code: ExitCode, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        self.is_over = true;
        output.paint("")?;
        let whole = table(view, view.jobs.len()).for_window(output.window().columns);
        output.text(&whole)?;
        output.remark(&format!("\n{}", ending::summary(view)));
        Ok(())
    }
}

/// At most `rows` of the jobs, in their order; when there are more, those that are over go first.
fn table(view: View<'_>, rows: usize) -> Table {
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("STATUS"),
        Column::new("TIME").aligned(Align::Right).optional(),
        Column::new("COST").aligned(Align::Right).optional(),
        Column::new("TITLE").flexible(),
        Column::new("LAST").flexible().optional(),
    ]);
    let mut surplus = view.jobs.len().saturating_sub(rows);
    let shown = view.jobs.iter().filter(|job| {
        let drop = surplus > 0 && (job.is_over() || job.phase == Phase::Waiting);
        surplus -= usize::from(drop);
        !drop
    });
    for job in shown.take(rows) {
        table.row(row(job, view));
    }
    table
}

fn row(job: &Job, view: View<'_>) -> [Cell; 6] {
    let session = view.state.session(job.session());
    let (time, spent, title) = session.map_or_else(
        || (String::new(), String::new(), single_line(job.prompt())),
        |it| (duration(worked(it, view.now)), cost(it.session().cost), single_line(&it.session().title)),
    );
    [
        Cell::styled(job.session().short(), Style::ACCENT),
        status(job, session),
        time.into(),
        spent.into(),
        title.into(),
        Cell::styled(last_words(job, session), Style::DIM),
    ]
}

fn status(job: &Job, session: Option<&Arc<SessionState>>) -> Cell {
    match (&job.phase, session) {
        (Phase::Waiting, _) => Cell::styled("waiting", Style::DIM),
        (Phase::Unanswered, _) => Cell::styled("stopped", Style::ATTENTION),
        (Phase::NotStarted(_), _) | (_, None) if job.is_over() => Cell::styled("not started", Style::BAD),
        (_, None) => Cell::styled("starting", Style::DIM),
        (_, Some(it)) if it.pending_approvals().next().is_some() => Cell::styled("asks", Style::ATTENTION),
        (_, Some(it)) => Cell::styled(it.session().status().as_str(), status_style(it.session().status())),
    }
}

/// The time a session has worked, the turn under way included.
fn worked(it: &SessionState, now: Timestamp) -> Duration {
    let session = it.session();
    let under_way = session.turn_started_at.filter(|_| !session.status().is_final());
    session.elapsed + under_way.map_or(Duration::ZERO, |since| now.since(since))
}

/// The last thing that a session has to say, on one line.
fn last_words(job: &Job, session: Option<&Arc<SessionState>>) -> String {
    if let Phase::NotStarted(error) = &job.phase {
        return single_line(&error.to_string());
    }
    let Some(it) = session else { return String::new() };
    if let Some(error) = &it.session().error {
        return single_line(error);
    }
    if let Some(asked) = it.pending_approvals().next() {
        let what = crate::cli::tool_summary::input_summary(&asked.request.input);
        return format!("{} {what}", single_line(&asked.request.tool_name));
    }
    let draft = it.draft();
    if let Some(call) = draft.tool_calls.as_slice().iter().rev().find(|call| call.output.is_none()) {
        let (tool, what) = crate::cli::tool_summary::call_summary(call);
        return format!("{tool} {what}");
    }
    let message = || it.transcript().messages().rev().map(|message| message.body.content.as_str());
    let said = [draft.content.as_str(), draft.thinking.as_str()].into_iter().chain(message());
    said.map(last_line).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The last line of a text with something on it.
fn last_line(text: &str) -> String {
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
