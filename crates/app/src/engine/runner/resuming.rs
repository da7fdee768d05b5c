//! Going on with a turn that did not come to its end.

use switchboard_domain::{Role, SessionStatus};
use switchboard_store::Page;

use crate::engine::runner::Runner;
use crate::engine::{EngineError, Resumed};

/// What an agent is told that had begun to answer, when nobody says anything else.
const CONTINUE: &str = "continue";

impl Runner {
    /// Goes on with a session that was interrupted, failed or aborted: with `message`, or with its last prompt again
    /// when that was never answered, or with [`CONTINUE`].
    pub(super) async fn resume(&mut self, message: Option<String>) -> Result<Resumed, EngineError> {
        let status = self.status().ok_or(EngineError::SessionNotFound)?;
        if !matches!(status, SessionStatus::Interrupted | SessionStatus::Failed | SessionStatus::Aborted) {
            return Err(EngineError::NothingToResume { status });
        }
        let unanswered = if message.is_none() { self.unanswered_prompt().await? } else { None };
        if let Some(prompt) = unanswered {
            self.prompt_again(&prompt).await?;
            return Ok(Resumed::Again(prompt));
        }
        let message = message.unwrap_or_else(|| CONTINUE.to_owned());
        self.prompt(&message).await?;
        Ok(Resumed::With(message))
    }

    /// The last prompt, if the transcript ends with it: its turn produced nothing.
    async fn unanswered_prompt(&self) -> Result<Option<String>, EngineError> {
        let newest = self.engine.store.messages(self.id, Page::Newest, 1).await;
        let newest = newest.map_err(|error| EngineError::TranscriptUnreadable(error.to_string()))?;
        let prompt = newest.last().filter(|message| message.body.role == Role::User);
        Ok(prompt.map(|message| message.body.content.clone()))
    }

    /// The turn of a prompt that is in the transcript already begins again.
    async fn prompt_again(&mut self, prompt: &str) -> Result<(), EngineError> {
        let outcome = self.try_prompt_again(prompt).await;
        self.settle_prompt(&outcome);
        outcome
    }

    async fn try_prompt_again(&mut self, prompt: &str) -> Result<(), EngineError> {
        self.within_budget()?;
        let begun = self.engine.store.begin_turn_again(self.id)?;
        self.unless_stopped(self.engine.saved(begun)).await??;
        self.begin_with(prompt).await
    }
}
