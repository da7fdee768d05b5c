//! The life of a process from its first event to the moment when nothing of it is left.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::driver::Driver;
use crate::line::{Exit, LineEvent, StopPolicy, StopReport, StoppedBy};
use crate::tree::{Killed, Quarry};

/// How long processes have to die of `SIGKILL`. Longer than an instant means that the kernel is stuck.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// How long what is left in the pipes may take to be read once nobody can write to them any more. Only a
/// process that got away could still hold one open.
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);

/// Each read of what is left costs at least this much of the patience, so that a process that got away
/// cannot go on for ever by writing fast.
const DRAIN_STEP: Duration = Duration::from_millis(1);

/// How often it is looked whether what an agent left behind has gone by itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(25);

impl Driver {
    /// Serves the line until nothing of the agent is left.
    pub(super) async fn run(mut self) {
        self.step_until(None, |driver| driver.must_end() || driver.fell_silent()).await;
        if self.fell_silent() {
            self.see_off().await;
        }
        let mut by = if self.state.exit.is_some() { self.outlive().await } else { self.take_down().await };
        let killed = self.hunt(|quarry| quarry.kill(KILL_PATIENCE)).await.unwrap_or_default();
        if killed.processes > 0 && by != StoppedBy::AlreadyOver {
            by = StoppedBy::Killing;
        }
        self.state.gone = true;
        self.step_until(None, |driver| driver.state.exit.is_some() || !killed.survivors.is_empty()).await;
        self.read_on(DRAIN_PATIENCE, |_| false).await;
        self.say_goodbye().await;
        self.report(by, killed);
    }

    /// Whether the agent can finish nothing any more: it lives, and can say nothing.
    fn fell_silent(&self) -> bool {
        self.needs_output && self.stdout.is_none() && !self.must_end()
    }

    /// An agent that closed its output is about to exit, or would keep its turn for ever.
    async fn see_off(&mut self) {
        let deadline = Instant::now() + self.limits.linger;
        if !self.step_until(Some(deadline), Self::must_end).await {
            self.stderr_tail.push(b"[switchboard] the agent closed its output and did not exit; it was ended\n");
            let _whatever_is_left_is_killed = self.terminate(self.limits.linger).await;
        }
    }

    /// The process ended by itself. What it left behind may finish what it writes, and is then asked to go.
    async fn outlive(&mut self) -> StoppedBy {
        self.read_on(self.limits.linger, Self::is_told_to_stop).await;
        if self.look().await > 0 {
            let _whatever_is_left_is_killed = self.terminate(self.limits.linger).await;
        }
        StoppedBy::AlreadyOver
    }

    /// Ends the process: asks it, then terminates it. Says what did it, or what must.
    async fn take_down(&mut self) -> StoppedBy {
        self.state.ending = true;
        let policy = self.state.stop_request.as_ref().map_or(StopPolicy::NOW, |request| request.policy);
        // Whoever belongs to the agent now is remembered, in case it loses its parents on the way.
        self.look().await;
        if !policy.asking.is_zero() {
            self.conversation.stop(&mut self.out);
            self.settle();
            if self.is_gone_within(policy.asking).await {
                return StoppedBy::Asking;
            }
        }
        if policy.terminating.is_zero() { StoppedBy::Killing } else { self.terminate(policy.terminating).await }
    }

    async fn terminate(&mut self, patience: Duration) -> StoppedBy {
        self.hunt(Quarry::terminate).await;
        if self.is_gone_within(patience).await { StoppedBy::Terminating } else { StoppedBy::Killing }
    }

    /// Whether the process and all it started end within `patience`. Once the process itself has, the rest
    /// gets no more than it would get if the process had gone by itself.
    async fn is_gone_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        if !self.step_until(Some(deadline), |driver| driver.state.exit.is_some()).await {
            return false;
        }
        let deadline = deadline.min(Instant::now() + self.limits.linger);
        while self.look().await > 0 {
            if Instant::now() >= deadline {
                return false;
            }
            let next_look = deadline.min(Instant::now() + LOOK_INTERVAL);
            self.step_until(Some(next_look), |_| false).await;
        }
        true
    }

    /// Reads on until the agent's output has ended, for at most `patience`, or until it is `enough`. Time in
    /// which the reader of the line makes us wait does not count.
    async fn read_on(&mut self, patience: Duration, enough: impl Fn(&Self) -> bool) {
        let mut patience = patience;
        while self.has_open_output() && !self.state.abandoned && !enough(self) && !patience.is_zero() {
            if self.is_held_back() {
                self.step().await;
                continue;
            }
            let began = Instant::now();
            let _next_or_too_late = timeout(patience, self.step()).await;
            patience = patience.saturating_sub(began.elapsed().max(DRAIN_STEP));
        }
    }

    /// Hands over the last words and the exit, once there is room for them.
    async fn say_goodbye(&mut self) {
        self.stdin = None;
        self.conversation.read_last(&mut self.out);
        let heard = |driver: &Self| driver.out.events.is_empty() || driver.state.abandoned;
        self.settle();
        self.step_until(None, heard).await;
        self.step_until(None, |driver| {
            !driver.conversation.awaits_start() || driver.is_told_to_stop() || driver.state.senders_gone
        })
        .await;
        let status = self.state.exit.map_or(crate::ExitStatus::Unknown, Into::into);
        let exit = Exit { status, stderr_tail: self.stderr_tail.to_text() };
        self.conversation.exited(&exit, &mut self.out);
        self.out.events.push_back((LineEvent::Exited(exit), 0));
        self.settle();
        self.outbox.fail_all();
        self.step_until(None, heard).await;
    }

    fn report(&mut self, by: StoppedBy, killed: Killed) {
        if !killed.survivors.is_empty() {
            tracing::error!(processes = ?killed.survivors, "processes of an agent cannot be killed");
        }
        if let Some(request) = self.take_stop_request() {
            // Who asked may have stopped waiting; the work is done all the same.
            let _unheard = request.done.send(StopReport { by, survivors: killed.survivors });
        }
    }

    fn must_end(&self) -> bool {
        self.state.exit.is_some() || self.is_told_to_stop()
    }

    fn is_told_to_stop(&self) -> bool {
        self.state.stop_request.is_some() || self.state.abandoned
    }

    /// Steps until `done`; `false` when the deadline comes first.
    async fn step_until(&mut self, deadline: Option<Instant>, done: impl Fn(&Self) -> bool) -> bool {
        while !done(self) {
            match deadline {
                None => self.step().await,
                Some(deadline) => tokio::select! {
                    () = self.step() => {}
                    () = sleep_until(deadline) => return false,
                },
            }
        }
        true
    }

    async fn look(&mut self) -> usize {
        self.hunt(|quarry| quarry.look().len()).await.unwrap_or(0)
    }

    /// Lets a thread work on the agent's processes, and goes on stepping meanwhile: an agent whose output nobody
    /// reads may not be able to end. `None` when the runtime is shutting down.
    async fn hunt<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Quarry) -> T + Send + 'static) -> Option<T> {
        let mut quarry = self.quarry.take()?;
        let mut hunt = tokio::task::spawn_blocking(move || {
            let outcome = work(&mut quarry);
            (quarry, outcome)
        });
        loop {
            tokio::select! {
                joined = &mut hunt => {
                    let (quarry, outcome) = joined.ok()?;
                    self.quarry = Some(quarry);
                    return Some(outcome);
                }
                () = self.step() => {}
            }
        }
    }
}
