//! A prompt, and the end of the turn it began.

use agent_client_protocol_schema::v1::{AGENT_METHOD_NAMES, ContentBlock, Error, PromptRequest, StopReason};
use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::AgentEvent;

use super::complaint::explain;
use super::{Acp, Awaited, Phase, keep, spending};
use crate::protocol::{Output, Ticket};

impl Acp {
    pub(super) fn prompt(&mut self, ticket: Ticket, text: String, out: &mut Output) {
        // An agent may have said something between two turns.
        self.speech.finish(None, out);
        let prompt = PromptRequest::new(self.session.clone(), vec![ContentBlock::from(text)]);
        let asked = self.ask(Awaited::TurnEnd, AGENT_METHOD_NAMES.session_prompt, prompt, Some(ticket), out);
        match asked {
            Ok(()) => self.phase = Phase::Turn { stopped: false },
            Err(error) => out.refuse(ticket, error.to_string()),
        }
    }

    pub(super) fn turn_ended(&mut self, outcome: Result<&Value, Error>, bytes: usize, out: &mut Output) {
        let stopped = matches!(self.phase, Phase::Turn { stopped: true });
        self.phase = Phase::Idle;
        self.withdraw_all(out);
        self.grants.end_turn();
        self.calls.end_turn(out);
        self.speech.end_turn(outcome.as_ref().ok().and_then(|result| spending::usage(result)), out);
        let failure = match outcome {
            // Whoever stopped it knows.
            _ if stopped => None,
            Ok(result) => failure(result, bytes, out).map(str::to_owned),
            Err(error) => Some(explain(&error, &self.logins)),
        };
        let (agent_session_id, total_cost) = (Some(self.agent_session_id()), self.spending.total());
        match failure {
            Some(error) => {
                out.emit_spending(total_cost);
                out.emit(AgentEvent::Failed { error }, bytes);
            }
            None => out.emit(AgentEvent::Completed { agent_session_id, total_cost }, bytes),
        }
    }
}

/// Why the turn that ended with `result` did not do its work. A reason that nobody knows is none.
fn failure(result: &Value, bytes: usize, out: &mut Output) -> Option<&'static str> {
    match result.get("stopReason").map(StopReason::deserialize) {
        // Some agents end so when a tool was denied.
        Some(Ok(StopReason::EndTurn | StopReason::Cancelled)) => None,
        Some(Ok(StopReason::MaxTokens)) => Some("the model reached its limit of tokens before it was done"),
        Some(Ok(StopReason::MaxTurnRequests)) => Some("the agent reached its limit of requests before it was done"),
        Some(Ok(StopReason::Refusal)) => Some("the agent refused to go on"),
        _ => {
            keep("stopReason", result, bytes, out);
            None
        }
    }
}
