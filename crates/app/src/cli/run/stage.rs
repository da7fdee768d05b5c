//! Where a run is shown: the one thing that differs between a person, a pipe and a program.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Message, Revision, Timestamp};
use switchboard_store::{Published, State};

use super::job::Job;
use crate::cli::feed::Reload;
use crate::cli::{Failure, Output};

/// What a stage may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// Everything, as far as it is known here.
    pub(super) state: &'a State,
    /// The jobs of this run.
    pub(super) jobs: &'a [Job],
    /// Everything up to here is on disk.
    pub(super) durable: Revision,
    /// The time.
    pub(super) now: Timestamp,
}

/// Shows a run.
pub(super) trait Stage: Send {
    /// How often [`tick`](Self::tick) is due.
    fn tick_every(&self) -> Duration {
        Duration::from_millis(250)
    }

    /// Shows a change; `job` is the place of the job in whose session it happened.
    fn change(&mut self, published: &Published, job: Option<usize>, output: &mut Output) -> Result<(), Failure>;

    /// Shows a message that came while changes were missed.
    fn missed(&mut self, message: &Arc<Message>, job: usize, output: &mut Output) -> Result<(), Failure>;

    /// The state was read anew; all messages that were missed are shown.
    fn reloaded(&mut self, _reload: Reload, _view: View<'_>, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    /// Shows what only time changes.
    fn tick(&mut self, _view: View<'_>, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    /// Ends its line, or takes its picture away, since somebody else writes next.
    fn step_aside(&mut self, output: &mut Output) -> Result<(), Failure>;

    /// Shows that a job is over.
    fn over(&mut self, job: usize, view: View<'_>, output: &mut Output) -> Result<(), Failure>;

    /// Shows the end of the run; `code` is what the shell will be told.
    fn end(&mut self, code: crate::cli::ExitCode, view: View<'_>, output: &mut Output) -> Result<(), Failure>;

    /// Everything is on disk, up to the last revision, and closed.
    fn close(&mut self, _last: Revision, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }
}
