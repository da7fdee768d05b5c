//! Several sessions in one stream of lines, each with the session it belongs to.

use std::sync::Arc;

use switchboard_domain::{Change, Message};
use switchboard_store::Published;

use super::ending;
use super::job::Job;
use super::stage::{Stage, View};
use crate::cli::narrator::{Audience, Narrator, Pace, Utterance, Voice};
use crate::cli::{ExitCode, Failure, Output};

/// Shows several sessions message by message, so that their words do not mix.
pub(super) struct Prefixed {
    lines: Vec<(String, Narrator)>,
}

impl Prefixed {
    /// Shows `jobs`.
    pub(super) fn new(jobs: &[Job]) -> Self {
        let line = |job: &Job| (job.session().short(), Narrator::new(Audience::Program, Pace::Whole));
        Self { lines: jobs.iter().map(line).collect() }
    }

    fn say(&mut self, job: usize, utterances: Vec<Utterance>, output: &mut Output) -> Result<(), Failure> {
        let Some((prefix, _)) = self.lines.get(job) else { return Ok(()) };
        let said =
            utterances.into_iter().map(|Utterance { voice, text }| Utterance { voice, text: prefixed(prefix, &text) });
        output.say_all(said)
    }
}

impl Stage for Prefixed {
    fn change(&mut self, published: &Published, job: Option<usize>, output: &mut Output) -> Result<(), Failure> {
        let (Change::Session { change, .. }, Some(job)) = (&published.change, job) else { return Ok(()) };
        let said = self.lines.get_mut(job).map(|(_, narrator)| narrator.tell(change)).unwrap_or_default();
        self.say(job, said, output)
    }

    fn missed(&mut self, message: &Arc<Message>, job: usize, output: &mut Output) -> Result<(), Failure> {
        let said = self.lines.get_mut(job).map(|(_, narrator)| narrator.recount(message)).unwrap_or_default();
        self.say(job, said, output)
    }

    fn step_aside(&mut self, _output: &mut Output) -> Result<(), Failure> {
        // Every line is complete at all times.
        Ok(())
    }

    fn over(&mut self, job: usize, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        let Some(over) = view.jobs.get(job) else { return Ok(()) };
        let text = format!("{}\n", ending::outcome(over, view.state));
        self.say(job, vec![Utterance { voice: Voice::Aside, text }], output)
    }

    fn end(&mut self, _code: ExitCode, view: View<'_>, output: &mut Output) -> Result<(), Failure> {
        output.remark(&ending::summary(view));
        Ok(())
    }
}

/// `text`, which ends with a line end, with `[prefix]` before each of its lines that is not blank.
fn prefixed(prefix: &str, text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("[{prefix}] {line}\n") };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_whose_it_is() {
        assert_eq!(prefixed("099a8057", "a\n\nb\n"), "[099a8057] a\n[099a8057] b\n");
    }
}
