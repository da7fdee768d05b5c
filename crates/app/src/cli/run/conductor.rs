//! Carries out the jobs of a run: begins as many at a time as it may, shows what happens, asks for
//! approvals, and stops everything when told to.
//!
//! The loop names what happened ([`Event`]), decides what to do about it without waiting, and only
//! then waits for the next thing. What takes time runs in tasks that the conductor owns.

mod approvals;
mod beginning;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Change, RequestId, Rule, SessionId};
use switchboard_store::{Published, State};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

pub(super) use beginning::start;

use super::ending;
use super::job::{Job, Phase};
use super::stage::{Stage, View};
use crate::cli::feed::{Feed, Heard};
use crate::cli::link::{Link, Revival, Stopper};
use crate::cli::questions::{Question, Questions, Typed};
use crate::cli::signals::{Signal, Signals};
use crate::cli::{ExitCode, Failure, Output, glance, now};
use crate::client::{Client, ClientError};
use crate::config::ApprovePolicy;
use crate::terminal::{Style, single_line};

/// Carries out jobs.
pub(super) struct Conductor {
    client: Client,
    stopper: Stopper,
    revival: Option<Arc<Revival>>,
    feed: Feed,
    jobs: Vec<Job>,
    slots: NonZeroUsize,
    approving: Approving,
    asked: Option<Question>,
    /// Approvals whose answer is on its way.
    answered: Vec<(SessionId, RequestId)>,
    stage: Box<dyn Stage>,
    errands: JoinSet<Done>,
    course: Course,
    /// Whether the daemon was there when it was last looked for.
    is_connected: bool,
}

/// Where the run is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// To the end of all jobs.
    On,
    /// The agents are being stopped.
    Stopping,
    /// They are, as soon as that is known here too.
    Stopped,
    /// To its own end; the agents go on without it.
    Leaving,
    /// There is nobody to hear from any more.
    Lost,
}

/// Who answers when an agent asks.
#[derive(Debug)]
pub(super) struct Approving {
    /// A person, or a rule.
    pub(super) policy: ApprovePolicy,
    /// How long a question stands before the rule answers it.
    pub(super) pause: Duration,
    /// The person, if there is one.
    pub(super) questions: Questions,
}

/// How a run went.
pub(super) struct Outcome {
    /// Where it was shown.
    pub(super) stage: Box<dyn Stage>,
    /// What the shell is to be told.
    pub(super) code: ExitCode,
    /// What happens on, for whoever waits until all is on disk.
    pub(super) feed: Feed,
}

/// Something that took time is done.
enum Done {
    /// The agent has its prompt, or will never have it.
    Begun(usize, Result<(), ClientError>),
    /// An answer was given.
    Answered(Result<(), ClientError>),
    /// A rule was remembered, or not.
    Remembered(Rule, Result<(), ClientError>),
    /// A session was stopped since nobody could answer.
    GivenUp(usize),
    /// Every agent is stopped.
    Stopped,
    /// Something that nobody waits for.
    Nothing,
}

/// What the conductor can wake up for.
enum Event {
    Heard(Heard),
    Done(Done),
    Typed(Typed),
    Signal(Signal),
    Tick,
}

impl Conductor {
    /// Will carry out `jobs`, at most `slots` of them at a time, and show them as `feed` tells them.
    pub(super) fn new(
        link: &Link,
        feed: Feed,
        jobs: Vec<Job>,
        slots: NonZeroUsize,
        approving: Approving,
        stage: Box<dyn Stage>,
    ) -> Self {
        Self {
            client: link.client().clone(),
            stopper: link.stopper(),
            revival: link.revival(),
            feed,
            jobs,
            slots,
            approving,
            asked: None,
            answered: Vec::new(),
            stage,
            errands: JoinSet::new(),
            course: Course::On,
            is_connected: true,
        }
    }

    /// Carries them out, until all are over or everything was stopped.
    ///
    /// # Errors
    /// When the output cannot be written; agents may be running then, and are the caller's to stop.
    pub(super) async fn run(mut self, output: &mut Output) -> Result<Outcome, Failure> {
        let mut signals = Signals::listen()?;
        let mut ticks = tokio::time::interval(self.stage.tick_every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.begin_jobs();
        while !self.is_over() {
            let event = self.next_event(&mut signals, &mut ticks).await;
            self.handle(event, output)?;
        }
        self.drain(output)?;
        let code = match self.course {
            Course::On => ending::exit_code(&self.jobs, self.feed.state()),
            Course::Lost => ExitCode::Failure,
            Course::Stopping | Course::Stopped | Course::Leaving => ExitCode::Interrupted,
        };
        let view = view(&self.feed, &self.jobs);
        self.stage.end(code, view, output)?;
        match self.failure() {
            Some(failure) => Err(failure),
            None => Ok(Outcome { stage: self.stage, code, feed: self.feed }),
        }
    }

    async fn next_event(&mut self, signals: &mut Signals, ticks: &mut Interval) -> Event {
        tokio::select! {
            biased;
            signal = signals.next() => Event::Signal(signal),
            // Errands are neither aborted nor do they panic.
            Some(done) = self.errands.join_next() => Event::Done(done.unwrap_or(Done::Nothing)),
            heard = self.feed.next() => Event::Heard(heard),
            typed = self.approving.questions.next() => Event::Typed(typed),
            _ = ticks.tick() => Event::Tick,
        }
    }

    fn handle(&mut self, event: Event, output: &mut Output) -> Result<(), Failure> {
        match event {
            Event::Heard(heard) => self.heard(heard, output)?,
            Event::Done(done) => self.done(done, output)?,
            Event::Typed(typed) => self.typed(&typed, output),
            Event::Signal(signal) => self.signalled(signal, output)?,
            Event::Tick => self.tick(output)?,
        }
        self.see_to_approvals(output)
    }

    fn is_over(&self) -> bool {
        let at_rest = |job: &Job| !job.is_under_way() || job.is_done(self.feed.state());
        match self.course {
            Course::Lost => true,
            Course::Leaving => self.errands.is_empty(),
            Course::On => self.errands.is_empty() && self.jobs.iter().all(Job::is_over),
            Course::Stopping => false,
            Course::Stopped => self.errands.is_empty() && self.jobs.iter().all(at_rest),
        }
    }

    fn done(&mut self, done: Done, output: &mut Output) -> Result<(), Failure> {
        match done {
            Done::Begun(job, Ok(())) => {
                self.jobs[job].phase = Phase::Working;
                if matches!(self.course, Course::Stopping | Course::Stopped) {
                    // It was on its way when the others were stopped.
                    self.stop(vec![self.jobs[job].session()], Signal::Interrupt);
                }
                self.settle(job, output)?;
            }
            Done::Begun(job, Err(error)) => self.end_job(job, Phase::NotStarted(error), output)?,
            Done::GivenUp(job) => self.end_job(job, Phase::Unanswered, output)?,
            Done::Answered(Err(error)) if error.code() == Some("answer_waits") => {
                self.stage.step_aside(output)?;
                output.remark(&error.to_string());
            }
            Done::Remembered(rule, outcome) => {
                self.stage.step_aside(output)?;
                let rule = single_line(&rule.to_string());
                output.remark(&outcome.map_or_else(
                    |error| format!("{rule} is not remembered: {error}"),
                    |()| format!("{rule} needs no question here any more; `switchboard rule rm` takes that back"),
                ));
            }
            Done::Stopped if self.course == Course::Stopping => self.course = Course::Stopped,
            // The agent took its question back, or is gone: then there is nothing to answer.
            Done::Answered(Ok(()) | Err(_)) | Done::Stopped | Done::Nothing => {}
        }
        Ok(())
    }

    /// Ends the job if its session is at rest.
    fn settle(&mut self, job: usize, output: &mut Output) -> Result<(), Failure> {
        self.jobs[job].look_at(self.feed.state());
        let is_done = self.jobs[job].phase == Phase::Working && self.jobs[job].is_done(self.feed.state());
        if is_done { self.end_job(job, Phase::Over, output) } else { Ok(()) }
    }

    fn end_job(&mut self, job: usize, phase: Phase, output: &mut Output) -> Result<(), Failure> {
        self.jobs[job].phase = phase;
        self.stage.over(job, view(&self.feed, &self.jobs), output)?;
        if self.course == Course::On {
            self.begin_jobs();
        }
        Ok(())
    }

    // What happens

    fn heard(&mut self, heard: Heard, output: &mut Output) -> Result<(), Failure> {
        if !self.is_connected && !matches!(heard, Heard::Reconnecting | Heard::Closed) {
            self.is_connected = true;
            self.stage.step_aside(output)?;
            output.remark(&Style::GOOD.paint("connected again"));
        }
        match heard {
            Heard::Change(change) => self.show(&change, output),
            Heard::Missed(message) => {
                let job = self.jobs.iter().position(|job| job.session() == message.session_id);
                job.map_or(Ok(()), |job| self.stage.missed(&message, job, output))
            }
            Heard::Reloaded(reload) => {
                self.stage.reloaded(reload, view(&self.feed, &self.jobs), output)?;
                (0..self.jobs.len()).try_for_each(|job| self.settle(job, output))
            }
            Heard::Durable => Ok(()),
            Heard::Reconnecting => self.reconnecting(output),
            Heard::Closed => {
                self.course = Course::Lost;
                Ok(())
            }
        }
    }

    fn show(&mut self, published: &Published, output: &mut Output) -> Result<(), Failure> {
        let job = self.job_of(&published.change);
        self.stage.change(published, job, output)?;
        if let (Some(job), Change::Session { change, .. }, true) = (job, &published.change, output.rings())
            && let Some(session) = self.feed.state().session(self.jobs[job].session())
        {
            output.alert(change, session)?;
        }
        if let Change::HealthChanged { health } = &published.change {
            self.stage.step_aside(output)?;
            output.remark(&glance::health(health));
        }
        job.map_or(Ok(()), |job| self.settle(job, output))
    }

    fn job_of(&self, change: &Change) -> Option<usize> {
        let session = match change {
            Change::Session { session_id, .. } | Change::SessionDeleted { session_id } => *session_id,
            Change::SessionCreated(session) => session.id,
            _ => return None,
        };
        self.jobs.iter().position(|job| job.session() == session)
    }

    fn reconnecting(&mut self, output: &mut Output) -> Result<(), Failure> {
        if std::mem::replace(&mut self.is_connected, false) {
            self.stage.step_aside(output)?;
            output.remark(&Style::ATTENTION.paint("the daemon is gone; looking for it …"));
        }
        if let Some(revival) = self.revival.clone() {
            self.errands.spawn(async move {
                revival.attempt().await;
                Done::Nothing
            });
        }
        Ok(())
    }

    /// Shows what is already there but was not looked at.
    fn drain(&mut self, output: &mut Output) -> Result<(), Failure> {
        while let Some(heard) = self.feed.try_next() {
            if heard == Heard::Closed {
                break;
            }
            self.heard(heard, output)?;
        }
        Ok(())
    }

    fn tick(&mut self, output: &mut Output) -> Result<(), Failure> {
        if self.asked.is_some() {
            return Ok(());
        }
        self.stage.tick(view(&self.feed, &self.jobs), output)
    }

    // The end

    fn signalled(&mut self, signal: Signal, output: &mut Output) -> Result<(), Failure> {
        if self.course != Course::On {
            // Whatever was acknowledged is on disk, and the rest was promised to nobody.
            std::process::exit(ExitCode::Interrupted.number().into());
        }
        self.asked = None;
        if self.stopper.spares_agents(signal) {
            self.leave(signal);
            return Ok(());
        }
        self.course = Course::Stopping;
        self.stage.step_aside(output)?;
        output.remark("\nstopping the agents … (Ctrl-C again leaves at once)");
        let sessions = self.jobs.iter().filter(|job| job.is_under_way()).map(Job::session).collect();
        self.stop(sessions, signal);
        Ok(())
    }

    /// Ends this command, and lets the agents go on.
    fn leave(&mut self, signal: Signal) {
        self.course = Course::Leaving;
        if signal == Signal::HangUp {
            // Nobody is there any more who could begin the rest later: the daemon does, as it has room.
            self.slots = NonZeroUsize::MAX;
            self.begin_jobs();
        }
    }

    fn stop(&mut self, sessions: Vec<SessionId>, signal: Signal) {
        let stopper = self.stopper.clone();
        self.errands.spawn(async move {
            stopper.stop(sessions, signal).await;
            Done::Stopped
        });
    }

    /// Why the run did not end as it should.
    fn failure(&self) -> Option<Failure> {
        match self.course {
            Course::Lost => Some(ending::lost(&self.jobs)),
            Course::On => self.unanswered(),
            _ => None,
        }
    }
}

fn view<'a>(feed: &'a Feed, jobs: &'a [Job]) -> View<'a> {
    let state: &State = feed.state();
    View { state, jobs, durable: feed.durable(), now: now() }
}
