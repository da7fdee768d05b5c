//! One session, piece by piece, as it comes.

use std::sync::Arc;

use switchboard_domain::{Change, Message};
use switchboard_store::Published;

use super::ending;
use super::job::Job;
use super::stage::{Stage, View};
use crate::cli::feed::Reload;
use crate::cli::narrator::{Audience, Narrator, Pace};
use crate::cli::output::Reader;
use crate::cli::{ExitCode, Failure, Output};

/// Shows one session.
pub(super) struct Streamed {
    narrator: Narrator,
}

impl Streamed {
    /// Shows `job`, without the prompt that was just typed.
    pub(super) fn new(job: &Job, output: &Output, questions_are_put: bool) -> Self {
        let audience = match output.reader() {
            Reader::Person => Audience::Terminal { columns: output.window().columns },
            Reader::Program => Audience::Program,
        };
        let narrator = Narrator::new(audience, Pace::AsItComes).leave_out_prompt(job.prompt());
        Self { narrator: if questions_are_put { narrator.leave_out_questions() } else { narrator } }
    }
}

impl Stage for Streamed {
    fn change(&mut self, published: &Published, job: Option<usize>, output: &mut Output) -> Result<(), Failure> {
        match (&published.change, job) {
            (Change::Session { change, .. }, Some(_)) => output.say_all(self.narrator.tell(change)),
            _ => Ok(()),
        }
    }

    fn missed(&mut self, message: &Arc<Message>, _job: usize, output: &mut Output) -> Result<(), Failure> {
        output.say_all(self.narrator.recount(message))
    }

    fn reloaded(&mut self, _reload: Reload, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        let drafts = view.jobs.iter().filter_map(|job| view.state.session(job.session())).map(|it| it.draft());
        drafts.into_iter().try_for_each(|draft| output.say_all(self.narrator.catch_up(draft)))
    }

    fn step_aside(&mut self, output: &mut Output) -> Result<(), Failure> {
        output.say_all(self.narrator.pause())
    }

    fn over(&mut self, _job: usize, _view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        self.step_aside(output)
    }

    fn end(&mut self, _code: ExitCode, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        self.step_aside(output)?;
        for job in view.jobs {
            if output.reader() == Reader::Person {
                output.remark("");
            }
            output.remark(&ending::line(job, view));
        }
        Ok(())
    }
}
