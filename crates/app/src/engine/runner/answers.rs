//! Bringing a yes or no to the agent: never before it is on disk.

use switchboard_domain::{AgentCommand, Answer, RequestId};
use switchboard_sidecar::CommandSender;
use switchboard_store::Receipt;
use tokio::time::timeout;

use crate::engine::EngineError;
use crate::engine::runner::{Reply, Runner, answer as reply_with};

impl Runner {
    /// Answers by rule; nobody waits for the outcome.
    pub(super) fn answer_by_rule(&mut self, request_id: RequestId, answer: Answer) {
        match self.engine.store.answer_approval(self.id, &request_id, answer.clone()) {
            Ok(receipt) => {
                let (reply, _nobody) = tokio::sync::oneshot::channel();
                self.send_answer(request_id, answer, receipt, reply);
            }
            Err(refused) => tracing::debug!(session = %self.id, %refused, "an answer by rule changed nothing"),
        }
    }

    /// Sends the answer once it is on disk, while the runner goes on. Whoever waits for it is told
    /// within the intent's time limit; the answer goes out whenever the disk has it.
    pub(super) fn send_answer(
        &mut self,
        request_id: RequestId,
        answer: Answer,
        receipt: Receipt<()>,
        reply: Reply<()>,
    ) {
        while self.answers.try_join_next().is_some() {}
        let Some(line) = &self.line else {
            reply_with(reply, Err(EngineError::NotDelivered("the agent is gone".to_owned())));
            return;
        };
        let agent = line.sender();
        let engine = std::sync::Arc::clone(&self.engine);
        self.answers.spawn(async move {
            let mut saved = std::pin::pin!(receipt.durable());
            let limit = engine.config.intent_timeout;
            let (outcome, reply) = if let Ok(outcome) = timeout(limit, &mut saved).await {
                (outcome, Some(reply))
            } else {
                reply_with(reply, Err(EngineError::AnswerWaits { reason: engine.disk_trouble() }));
                (saved.await, None)
            };
            let told = match outcome {
                Ok(()) => tell(&agent, request_id, answer).await,
                Err(error) => Err(EngineError::NotSaved { reason: error.to_string() }),
            };
            if let Err(error) = &told {
                tracing::warn!(%error, "an answer did not reach its agent");
            }
            if let Some(reply) = reply {
                reply_with(reply, told);
            }
        });
    }
}

async fn tell(agent: &CommandSender, request_id: RequestId, answer: Answer) -> Result<(), EngineError> {
    let sent = agent.send(AgentCommand::AnswerApproval { request_id, answer }).await;
    sent.map_err(|error| EngineError::NotDelivered(error.to_string()))
}
