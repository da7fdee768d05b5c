//! Several sessions at a glance: a table on the terminal that is painted again as things change.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::Message;
use switchboard_store::{Published, SessionState};

use super::ending;
use super::job::{Job, Phase};
use super::stage::{Stage, View};
use crate::cli::{ExitCode, Failure, Output, glance};
use crate::terminal::{Align, Cell, Column, Style, Table, cost, duration, single_line};

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
        |it| (duration(glance::worked(it, view.now)), cost(it.session().cost), single_line(&it.session().title)),
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
        (_, Some(it)) => glance::status(it),
    }
}

/// The last thing that there is to say of a job, on one line.
fn last_words(job: &Job, session: Option<&Arc<SessionState>>) -> String {
    match &job.phase {
        Phase::NotStarted(error) => single_line(&error.to_string()),
        _ => session.map(|it| glance::last_words(it)).unwrap_or_default(),
    }
}
