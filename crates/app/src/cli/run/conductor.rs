//! Carries out the jobs of a run: begins as many at a time as it may, shows what happens, asks for
//! approvals, and stops everything when told to.
//!
//! The loop names what happened ([`Event`]), decides what to do about it without waiting, and only
//! then waits for the next thing. What takes time runs in tasks that the conductor owns.

mod approvals;

use std::num::NonZeroUsize;
use std::time::Duration;

use switchboard_domain::{Change, Health, RequestId, Rule, Seq, SessionId};
use switchboard_store::{Published, Subscription, SubscriptionError};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use super::ending;
use super::job::{Job, Phase, Task, is_at_rest};
use super::stage::{Stage, View};
use crate::cli::questions::{Question, Questions, Typed};
use crate::cli::signals::{Signal, Signals};
use crate::cli::{ExitCode, Failure, Output};
use crate::config::ApprovePolicy;
use crate::engine::{ApprovalPolicy, Engine, EngineError, ShutdownEnd};
use crate::terminal::{Style, single_line};

/// Carries out jobs.
pub(super) struct Conductor {
    engine: Engine,
    jobs: Vec<Job>,
    /// The newest message that was shown of each job, for when changes are missed.
    seen: Vec<Seq>,
    slots: NonZeroUsize,
    approving: Approving,
    asked: Option<Question>,
    /// Approvals whose answer is on its way.
    answered: Vec<(SessionId, RequestId)>,
    stage: Box<dyn Stage>,
    errands: JoinSet<Done>,
    stopping: bool,
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

/// Something that took time is done.
enum Done {
    /// The agent has its prompt, or will never have it.
    Begun(usize, Result<(), EngineError>),
    /// An answer was given.
    Answered(Result<(), EngineError>),
    /// A rule was remembered, or not.
    Remembered(Rule, Result<(), EngineError>),
    /// A session was stopped since nobody could answer.
    GivenUp(usize),
    /// Every agent is stopped.
    Stopped,
}

/// What the conductor can wake up for.
enum Event {
    Change(Published),
    Lagged,
    Closed,
    Done(Done),
    Typed(Typed),
    Signal(Signal),
    Tick,
}

impl Conductor {
    /// Will carry out `jobs`, at most `slots` of them at a time.
    pub(super) fn new(
        engine: Engine,
        jobs: Vec<Job>,
        slots: NonZeroUsize,
        approving: Approving,
        stage: Box<dyn Stage>,
    ) -> Self {
        let seen = vec![Seq::ZERO; jobs.len()];
        Self {
            engine,
            jobs,
            seen,
            slots,
            approving,
            asked: None,
            answered: Vec::new(),
            stage,
            errands: JoinSet::new(),
            stopping: false,
        }
    }

    /// Carries them out, until all are over or everything was stopped.
    ///
    /// Gives the stage back, and what the shell is to be told.
    ///
    /// # Errors
    /// When the output cannot be written; agents may be running then, and are the caller's to stop.
    pub(super) async fn run(mut self, output: &mut Output) -> Result<(Box<dyn Stage>, ExitCode), Failure> {
        let mut signals = Signals::listen()?;
        let (_, mut changes) = self.engine.store().subscribe();
        let mut ticks = tokio::time::interval(self.stage.tick_every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.begin_jobs();
        while !self.is_over() {
            let event = self.next_event(&mut changes, &mut signals, &mut ticks).await;
            self.handle(event, &mut changes, output)?;
        }
        self.drain(&mut changes, output)?;
        let code = if self.stopping { ExitCode::Interrupted } else { self.exit_code() };
        let state = self.engine.store().snapshot();
        let view =
            View { state: &state, jobs: &self.jobs, durable: self.engine.store().durable_revision(), now: now() };
        self.stage.end(code, view, output)?;
        if let Some(failure) = self.unanswered() {
            return Err(failure);
        }
        Ok((self.stage, code))
    }

    async fn next_event(&mut self, changes: &mut Subscription, signals: &mut Signals, ticks: &mut Interval) -> Event {
        tokio::select! {
            biased;
            signal = signals.next() => Event::Signal(signal),
            Some(done) = self.errands.join_next() => match done {
                Ok(done) => Event::Done(done),
                // Errands are neither aborted nor do they panic; if one did, the engine is gone.
                Err(_) => Event::Closed,
            },
            change = changes.next() => match change {
                Ok(change) => Event::Change(change.clone()),
                Err(SubscriptionError::Lagged) => Event::Lagged,
                Err(SubscriptionError::Closed) => Event::Closed,
            },
            typed = self.approving.questions.next() => Event::Typed(typed),
            _ = ticks.tick() => Event::Tick,
        }
    }

    fn handle(&mut self, event: Event, changes: &mut Subscription, output: &mut Output) -> Result<(), Failure> {
        match event {
            Event::Change(change) => self.show(&change, output)?,
            Event::Lagged => self.catch_up(changes, output)?,
            Event::Closed => self.jobs.iter_mut().filter(|job| !job.is_over()).for_each(|job| job.phase = Phase::Over),
            Event::Done(done) => self.done(done, output)?,
            Event::Typed(typed) => self.typed(&typed, output),
            Event::Signal(signal) => self.signalled(signal, output)?,
            Event::Tick => self.tick(output)?,
        }
        self.see_to_approvals(output)
    }

    fn is_over(&self) -> bool {
        self.errands.is_empty() && (self.stopping || self.jobs.iter().all(Job::is_over))
    }

    // Jobs

    fn begin_jobs(&mut self) {
        let under_way = self.jobs.iter().filter(|job| job.is_under_way()).count();
        let free = self.slots.get().saturating_sub(under_way);
        let waiting = (0..self.jobs.len()).filter(|&job| self.jobs[job].phase == Phase::Waiting);
        for job in waiting.take(free).collect::<Vec<_>>() {
            self.jobs[job].phase = Phase::Starting;
            let (engine, task, policy) = (self.engine.clone(), self.jobs[job].task.clone(), self.policy());
            self.errands.spawn(async move { Done::Begun(job, begin(&engine, task, policy).await) });
        }
    }

    fn policy(&self) -> ApprovalPolicy {
        match self.approving.policy {
            // The engine would answer at once.
            _ if !self.approving.pause.is_zero() => ApprovalPolicy::Ask,
            ApprovePolicy::Ask => ApprovalPolicy::Ask,
            ApprovePolicy::Edits => ApprovalPolicy::AllowEdits,
            ApprovePolicy::All => ApprovalPolicy::AllowAll,
            ApprovePolicy::None => ApprovalPolicy::DenyAll,
        }
    }

    fn done(&mut self, done: Done, output: &mut Output) -> Result<(), Failure> {
        match done {
            Done::Begun(job, Ok(())) => {
                self.jobs[job].phase = Phase::Working;
                self.settle(job, output)?;
            }
            Done::Begun(job, Err(error)) => self.end_job(job, Phase::NotStarted(error), output)?,
            Done::GivenUp(job) => self.end_job(job, Phase::Unanswered, output)?,
            Done::Answered(Err(error @ EngineError::AnswerWaits { .. })) => {
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
            // The agent took its question back, or is gone: then there is nothing to answer.
            Done::Answered(Ok(()) | Err(_)) | Done::Stopped => {}
        }
        Ok(())
    }

    /// Ends the job if its session is at rest.
    fn settle(&mut self, job: usize, output: &mut Output) -> Result<(), Failure> {
        let session = self.jobs[job].session();
        let at_rest = self.engine.store().read(|state| is_at_rest(state, session));
        if self.jobs[job].phase == Phase::Working && at_rest { self.end_job(job, Phase::Over, output) } else { Ok(()) }
    }

    fn end_job(&mut self, job: usize, phase: Phase, output: &mut Output) -> Result<(), Failure> {
        self.jobs[job].phase = phase;
        let state = self.engine.store().snapshot();
        let view =
            View { state: &state, jobs: &self.jobs, durable: self.engine.store().durable_revision(), now: now() };
        self.stage.over(job, view, output)?;
        if !self.stopping {
            self.begin_jobs();
        }
        Ok(())
    }

    // What happens

    fn show(&mut self, published: &Published, output: &mut Output) -> Result<(), Failure> {
        let job = self.job_of(&published.change);
        if let (
            Some(job),
            Change::Session { change: switchboard_domain::SessionChange::MessageAppended { message }, .. },
        ) = (job, &published.change)
        {
            self.seen[job] = message.seq;
        }
        self.stage.change(published, job, output)?;
        if let (Some(job), Change::Session { change, .. }, true) = (job, &published.change, output.rings())
            && let Some(session) = self.engine.store().read(|state| state.session(self.jobs[job].session()).cloned())
        {
            output.alert(change, &session)?;
        }
        if let Change::HealthChanged { health } = &published.change {
            self.stage.step_aside(output)?;
            output.remark(&health_line(health));
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

    /// Shows the messages that came while changes were missed.
    fn catch_up(&mut self, changes: &mut Subscription, output: &mut Output) -> Result<(), Failure> {
        let state = changes.resync();
        for job in 0..self.jobs.len() {
            let session = state.session(self.jobs[job].session());
            let messages = session.into_iter().flat_map(|it| it.transcript().messages());
            for message in messages.filter(|message| message.seq > self.seen[job]).cloned().collect::<Vec<_>>() {
                self.seen[job] = message.seq;
                self.stage.missed(&message, job, output)?;
            }
            self.settle(job, output)?;
        }
        Ok(())
    }

    /// Shows what is already there but was not looked at.
    fn drain(&mut self, changes: &mut Subscription, output: &mut Output) -> Result<(), Failure> {
        loop {
            match changes.try_next() {
                Ok(Some(change)) => {
                    let change = change.clone();
                    self.show(&change, output)?;
                }
                Ok(None) | Err(SubscriptionError::Closed) => return Ok(()),
                Err(SubscriptionError::Lagged) => self.catch_up(changes, output)?,
            }
        }
    }

    fn tick(&mut self, output: &mut Output) -> Result<(), Failure> {
        if self.asked.is_some() {
            return Ok(());
        }
        let state = self.engine.store().snapshot();
        let view =
            View { state: &state, jobs: &self.jobs, durable: self.engine.store().durable_revision(), now: now() };
        self.stage.tick(view, output)
    }

    // The end

    fn signalled(&mut self, signal: Signal, output: &mut Output) -> Result<(), Failure> {
        if self.stopping {
            // Whatever was acknowledged is on disk, and the rest was promised to nobody.
            std::process::exit(ExitCode::Interrupted.number().into());
        }
        self.stopping = true;
        self.asked = None;
        self.stage.step_aside(output)?;
        output.remark("\nstopping the agents … (Ctrl-C again leaves at once)");
        let end = match signal {
            Signal::Interrupt => ShutdownEnd::Aborted,
            Signal::Terminate => ShutdownEnd::Interrupted,
        };
        let engine = self.engine.clone();
        self.errands.spawn(async move {
            engine.shutdown(end).await;
            Done::Stopped
        });
        Ok(())
    }

    fn exit_code(&self) -> ExitCode {
        self.engine.store().read(|state| ending::exit_code(&self.jobs, state))
    }
}

async fn begin(engine: &Engine, task: Task, policy: ApprovalPolicy) -> Result<(), EngineError> {
    match task {
        Task::Start(new) => engine.start_session(new, policy).await.map(|_| ()),
        Task::Say { session, text } => {
            engine.set_policy(session, policy);
            engine.send(session, &text).await.map(|_| ())
        }
    }
}

fn health_line(health: &Health) -> String {
    match health {
        Health::Healthy => Style::GOOD.paint("saving works again; everything is on disk"),
        Health::Degraded { reason, unsaved, .. } => {
            let line = format!("saving is behind: {} ({unsaved} changes wait; nothing is lost)", single_line(reason));
            Style::ATTENTION.paint(&line)
        }
    }
}

fn now() -> switchboard_domain::Timestamp {
    chrono::Utc::now().into()
}
