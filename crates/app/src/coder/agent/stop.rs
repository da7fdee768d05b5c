//! Why a turn does not go on.

use std::io;

use switchboard_sidecar::folder::PathError;
use switchboard_sidecar::worker::Interrupted;
use thiserror::Error;

use crate::coder::budget::BudgetError;
use crate::coder::trouble::Trouble;
use crate::coder::wire::Answer;

/// Why a turn does not go on.
#[derive(Debug, Error)]
pub(super) enum Stop {
    /// By Switchboard.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Enough was spent.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// The endpoint does not answer.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// There is nowhere to work.
    #[error("the project folder cannot be used: {0}")]
    Project(#[from] PathError),
    /// Nobody said which model to ask.
    #[error("no model is chosen: use --model, or set `model` for the agent in config.toml")]
    NoModel,
    /// To begin afresh in silence would be to forget in silence.
    #[error("the conversation `{name}` cannot be gone on with ({cause}): start a new session")]
    NoSuchConversation {
        /// Its name.
        name: String,
        /// What is wrong with it.
        #[source]
        cause: io::Error,
    },
    /// The model runs in a circle.
    #[error("stopped after asking the model {0} times in one turn; say `go on` if it should")]
    TooManyRounds(u32),
    /// The model may write no more.
    #[error("the answer was cut short at {0} tokens: raise `output_tokens` for the agent, or say `go on`")]
    CutShort(u32),
    /// The model has nothing to say.
    #[error("the model answered with nothing")]
    Nothing,
}

impl Stop {
    /// Whether `answer`, which calls no tool, is a good end of a turn.
    pub(super) fn of(answer: &Answer, output_tokens: u32) -> Result<(), Self> {
        match answer {
            Answer { is_cut_short: true, .. } => Err(Self::CutShort(output_tokens)),
            Answer { reply, .. } if reply.text.trim().is_empty() => Err(Self::Nothing),
            _ => Ok(()),
        }
    }
}
