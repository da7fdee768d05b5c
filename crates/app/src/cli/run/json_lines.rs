//! A run as JSON lines, for programs.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use switchboard_domain::{Change, Message, Revision, SessionId, SessionStatus};
use switchboard_store::Published;

use super::stage::{Stage, View};
use crate::cli::feed::Reload;
use crate::cli::{ExitCode, Failure, Output};

/// One line. The manual documents it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
enum Line<'a> {
    /// Something happened. It is in memory; a `durable` line of its revision or a later one says that
    /// it is on disk.
    Change { revision: Revision, change: &'a Change },
    /// Changes were missed, since nobody read this stream fast enough; a message that came meanwhile.
    Missed { message: &'a Message },
    /// It is another daemon: revisions start again.
    Reset,
    /// Everything up to this revision is on disk, whatever happens next.
    Durable { revision: Revision },
    /// The run is over and everything is on disk. Always the last line; there is none when that failed.
    End { exit_code: u8, sessions: Vec<Outcome> },
}

/// How a session stands at the end.
#[derive(Debug, Serialize)]
struct Outcome {
    session_id: SessionId,
    status: Option<SessionStatus>,
    error: Option<String>,
}

/// Prints every change as a line.
#[derive(Debug, Default)]
pub(super) struct JsonLines {
    durable: Revision,
    outcome: Option<(ExitCode, Vec<Outcome>)>,
}

impl JsonLines {
    /// Nothing printed yet.
    pub(super) fn new() -> Self {
        Self::default()
    }
}

impl Stage for JsonLines {
    fn tick_every(&self) -> Duration {
        Duration::from_millis(10)
    }

    fn change(&mut self, published: &Published, _job: Option<usize>, output: &mut Output) -> Result<(), Failure> {
        output.json_line(&Line::Change { revision: published.revision, change: &published.change })
    }

    fn missed(&mut self, message: &Arc<Message>, _job: usize, output: &mut Output) -> Result<(), Failure> {
        output.json_line(&Line::Missed { message })
    }

    fn reloaded(&mut self, reload: Reload, _view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        if reload == Reload::Behind {
            return Ok(());
        }
        self.durable = Revision::ZERO;
        output.json_line(&Line::Reset)
    }

    fn tick(&mut self, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        if view.durable > self.durable {
            self.durable = view.durable;
            output.json_line(&Line::Durable { revision: view.durable })?;
        }
        Ok(())
    }

    fn step_aside(&mut self, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    fn over(&mut self, _job: usize, _view: View<'_>, _output: &mut Output) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, code: ExitCode, view: View<'_>, _output: &mut Output) -> Result<(), Failure> {
        let outcome = |job: &super::Job| {
            let session_id = job.session();
            let session = view.state.session(session_id).map(|it| it.session());
            let error = session.and_then(|session| session.error.clone());
            Outcome { session_id, status: session.map(switchboard_domain::Session::status), error }
        };
        self.outcome = Some((code, view.jobs.iter().map(outcome).collect()));
        Ok(())
    }

    fn close(&mut self, last: Revision, output: &mut Output) -> Result<(), Failure> {
        if last > self.durable {
            output.json_line(&Line::Durable { revision: last })?;
        }
        match self.outcome.take() {
            Some((code, sessions)) => output.json_line(&Line::End { exit_code: code.number(), sessions }),
            None => Ok(()),
        }
    }
}
