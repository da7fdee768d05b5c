//! Plays a script on a worker's turn.

use std::io::Write as _;
use std::time::Duration;

use switchboard_domain::{Cost, RateLimitStatus};
use switchboard_sidecar::wire::{Outgoing, WireUsage};
use switchboard_sidecar::worker::{Interrupted, Turn};

use super::dice::Dice;
use super::script::{Call, Place, Step, script};
use super::{WorkerArgs, price};

/// Pieces of a flood that are written at once.
const FLOOD_CHUNK: u64 = 256;

/// Rough, but the same as everybody's rule of thumb.
const BYTES_PER_TOKEN: usize = 4;

/// A tool that runs longer than this reports its progress as often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// How a turn went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Outcome {
    /// To its end, good or bad.
    Finished,
    /// The process is to exit as a broken one does, now.
    Crashed,
}

/// One process of the agent, over all its turns.
#[derive(Debug)]
pub(super) struct Player {
    seed: u64,
    speed: f64,
    turns: u64,
    calls: u64,
    /// Spent by this process.
    cost: Cost,
    /// The message under way.
    message: Draft,
    /// Tokens of all that was said before; a model reads them again each time.
    context_tokens: u64,
}

#[derive(Debug, Default)]
struct Draft {
    thinking: String,
    content: String,
}

impl Player {
    pub(super) fn new(WorkerArgs { seed, speed }: WorkerArgs) -> Self {
        Self { seed, speed, turns: 0, calls: 0, cost: Cost::ZERO, message: Draft::default(), context_tokens: 0 }
    }

    /// Answers the prompt of `turn`.
    ///
    /// # Errors
    /// When the turn was interrupted; it has no end yet then.
    pub(super) async fn play(&mut self, turn: &mut Turn<'_>) -> Result<Outcome, Interrupted> {
        let resumed = turn.beginning().resume.clone();
        let conversation =
            resumed.as_ref().map_or_else(|| format!("builtin-{}", turn.session_id().short()), ToString::to_string);
        let place = match (&resumed, self.turns) {
            (Some(conversation), 0) => Place::Resumed(conversation.as_str()),
            (None, 0) => Place::First,
            _ => Place::Later,
        };
        let steps = script(turn.prompt(), place, Dice::new(self.seed, turn.prompt(), self.turns));
        self.turns += 1;
        self.message = Draft::default();
        self.context_tokens += tokens(turn.prompt());
        turn.started(Some(&conversation))?;
        for step in steps {
            if let Some(outcome) = self.take(step, turn, &conversation).await? {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Finished)
    }

    async fn take(
        &mut self,
        step: Step,
        turn: &mut Turn<'_>,
        conversation: &str,
    ) -> Result<Option<Outcome>, Interrupted> {
        match step {
            Step::Pause(time) => self.wait(time, turn).await?,
            Step::Think(piece) => {
                self.message.thinking.push_str(&piece);
                turn.thinking(piece)?;
            }
            Step::Text(piece) => {
                self.message.content.push_str(&piece);
                turn.text(piece)?;
            }
            Step::Message => self.finish_message(turn)?,
            Step::Call(call) => self.call(call, turn).await?,
            Step::Ask(call) => self.ask(call, turn).await?,
            Step::Limit => turn.rate_limit(RateLimitStatus::Warning, None)?,
            Step::Flood(pieces) => self.flood(pieces, turn)?,
            Step::Crash => {
                // Nobody may be listening; it exits either way.
                let _unheard = writeln!(std::io::stderr(), "panic: the scripted agent crashed, as it was told to");
                return Ok(Some(Outcome::Crashed));
            }
            Step::Hang => loop {
                turn.pause(Duration::from_hours(1)).await?;
            },
            Step::Complete => return self.complete(turn, conversation).map(Some),
            Step::Fail(error) => turn.failed(error)?,
        }
        Ok(None)
    }

    /// Waits as long as `time` is at our speed.
    async fn wait(&self, time: Duration, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        if self.speed > 0.0 {
            let scaled = Duration::try_from_secs_f64(time.as_secs_f64() / self.speed).unwrap_or(time);
            turn.pause(scaled).await?;
        }
        Ok(())
    }

    fn finish_message(&mut self, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        let Draft { thinking, content } = std::mem::take(&mut self.message);
        let output_tokens = tokens(&thinking) + tokens(&content);
        let usage = WireUsage { input_tokens: self.context_tokens, output_tokens, ..WireUsage::default() };
        self.cost = self.cost + price(usage.input_tokens, usage.output_tokens);
        self.context_tokens += output_tokens;
        turn.full_message(content, (!thinking.is_empty()).then_some(thinking), Vec::new(), Some(usage))
    }

    async fn call(&mut self, call: Call, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        self.calls += 1;
        let id = format!("call_{}", self.calls);
        turn.tool_use(&id, &call.tool, call.input)?;
        let mut elapsed = Duration::ZERO;
        while elapsed + PROGRESS_INTERVAL < call.takes {
            self.wait(PROGRESS_INTERVAL, turn).await?;
            elapsed += PROGRESS_INTERVAL;
            turn.tool_progress(&call.tool, elapsed)?;
        }
        self.wait(call.takes.saturating_sub(elapsed), turn).await?;
        turn.tool_result(&id, &call.tool, call.output)
    }

    async fn ask(&mut self, call: Call, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        let answer = turn.ask(&call.tool, call.input.clone()).await?;
        if answer.is_allow() {
            return self.call(call, turn).await;
        }
        let refused = format!("You said no to {}, so I leave that. ", call.tool);
        self.message.content.push_str(&refused);
        turn.text(refused)
    }

    fn flood(&mut self, pieces: u64, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        let session_id = turn.session_id();
        let mut said = 0;
        while said < pieces {
            let next = (said + FLOOD_CHUNK).min(pieces);
            turn.say_all((said..next).map(|piece| Outgoing::ContentDelta { session_id, delta: format!("{piece} ") }))?;
            said = next;
        }
        self.message.content = format!("(a flood of {pieces} pieces) ");
        Ok(())
    }

    fn complete(&self, turn: &mut Turn<'_>, conversation: &str) -> Result<Outcome, Interrupted> {
        match turn.beginning().max_budget.filter(|budget| self.cost > *budget) {
            Some(budget) => turn.failed(format!("the budget of {budget} is used up: {} spent", self.cost))?,
            None => turn.completed(Some(conversation), Some(self.cost))?,
        }
        Ok(Outcome::Finished)
    }
}

fn tokens(text: &str) -> u64 {
    text.len().div_ceil(BYTES_PER_TOKEN) as u64
}
