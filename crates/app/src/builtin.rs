//! The agent that is always there: `switchboard worker`, a scripted agent for demos, tests and load.
//!
//! It speaks the native protocol like any other program and needs nothing installed. What it does follows
//! from words in the prompt, and nothing else but its seed, so a run can be repeated exactly. A script is made
//! first, as data ([`script`]), and then played ([`player`]).

mod dice;
mod phrases;
mod player;
mod script;
mod wishes;

use std::io;

use clap::Args;
use switchboard_domain::Cost;
use switchboard_sidecar::worker::{Interrupted, Worker};

pub(crate) use player::Outcome;
use player::Player;
use wishes::WORDS;

/// `switchboard worker`
#[derive(Clone, Copy, Debug, Args)]
#[command(after_long_help = format!("Words in a prompt that it follows, each with a number where one makes sense:\n\n{WORDS}"))]
pub(crate) struct WorkerArgs {
    /// Chooses among all the ways in which a turn can go; the same seed and prompts give the same turns
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many times faster than a real agent; 0 is as fast as possible
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor >= 0.0);
    factor.ok_or_else(|| format!("`{text}` is not a speed: give a number, 0 or more"))
}

/// Plays the agent on standard input and output until the session or the input ends, or until a prompt makes it
/// crash.
///
/// One thread and no I/O driver: hundreds of these are started at once.
///
/// # Errors
/// When there is no one left to talk to, or no memory for a runtime.
pub(crate) fn run(args: WorkerArgs) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(serve(args, Worker::stdio()))
}

async fn serve(args: WorkerArgs, mut worker: Worker) -> io::Result<Outcome> {
    let mut player = Player::new(args);
    while let Some(mut turn) = worker.next_turn().await {
        match player.play(&mut turn).await {
            Ok(Outcome::Finished) | Err(Interrupted::Closed) => {}
            Ok(Outcome::Crashed) => return Ok(Outcome::Crashed),
            Err(Interrupted::Aborted) => turn.failed("aborted").map_err(io::Error::other)?,
            Err(Interrupted::Write(error)) => return Err(error),
        }
    }
    Ok(Outcome::Finished)
}

/// Money for this many tokens, at prices that a model in use has.
const fn price(input_tokens: u64, output_tokens: u64) -> Cost {
    const MICRO_USD_PER_INPUT_TOKEN: u64 = 3;
    const MICRO_USD_PER_OUTPUT_TOKEN: u64 = 15;
    Cost::from_micro_usd(
        input_tokens
            .saturating_mul(MICRO_USD_PER_INPUT_TOKEN)
            .saturating_add(output_tokens.saturating_mul(MICRO_USD_PER_OUTPUT_TOKEN)),
    )
}

#[cfg(test)]
mod tests;
