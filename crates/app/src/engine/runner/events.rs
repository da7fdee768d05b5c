//! What an agent says, told to the store.

use switchboard_domain::{
    AgentEvent, AgentSessionId, Answer, ApprovalEnd, ApprovalRequest, Cost, MessageBody, RateLimit, SessionStatus,
    Usage,
};
use switchboard_sidecar::{Exit, LineEvent, LineFault};
use switchboard_store::TurnEnd;

use crate::engine::runner::Runner;
use crate::engine::{Notice, Spent, rules};

/// The end of an agent's stderr that goes into the session's error: what a person can take in.
const STDERR_LINES_SHOWN: usize = 10;
/// The same in characters, for programs that write few but endless lines.
const STDERR_CHARS_SHOWN: usize = 2_000;

/// Kinds of unknown events that are counted one by one: more than any protocol has, and a bound for
/// an agent that makes them up.
const UNKNOWN_KINDS_MAX: usize = 64;

impl Runner {
    /// Tells the store what the agent said; `true` when that ended the turn.
    pub(super) fn record(&mut self, event: AgentEvent) -> bool {
        self.note_answer(&event);
        let (store, id) = (&self.engine.store, self.id);
        match event {
            AgentEvent::SessionStarted { agent_session_id } => self.turn_started(agent_session_id),
            AgentEvent::Message(body) => self.append(body),
            AgentEvent::ContentDelta { text } => self.told(store.stream_content(id, &text)),
            AgentEvent::ThinkingDelta { text } => self.told(store.stream_thinking(id, &text)),
            AgentEvent::ToolUse(call) => self.told(store.begin_tool_call(id, call)),
            AgentEvent::ToolResult(result) => self.told(store.finish_tool_call(id, result)),
            AgentEvent::ToolProgress { tool_name, elapsed } => {
                self.told(store.progress_tool_call(id, &tool_name, elapsed));
            }
            AgentEvent::ApprovalRequested(request) => self.approval_requested(request),
            AgentEvent::ApprovalWithdrawn { request_id } => {
                self.told(store.end_approval(id, &request_id, ApprovalEnd::Cancelled));
            }
            AgentEvent::RateLimit(limit) => self.rate_limited(limit),
            AgentEvent::Spent { total_cost } => self.add_cost(Some(total_cost)),
            AgentEvent::Warning { message } => self.told(store.set_session_error(id, Some(message))),
            AgentEvent::Unknown { kind, .. } => self.note_unknown(kind),
            AgentEvent::Completed { agent_session_id, total_cost } => {
                self.completed(agent_session_id, total_cost);
                return true;
            }
            AgentEvent::Failed { error } => {
                self.fail_turn(error, ApprovalEnd::Cancelled);
                self.engine.notifier.notify(Notice::Failed(id));
                return true;
            }
        }
        false
    }

    /// What was still on its way when the agent was ended: its words are kept; a turn's end among
    /// them no longer counts.
    pub(super) fn record_leftovers(&mut self, events: Vec<LineEvent>) {
        for event in events {
            match event {
                LineEvent::Agent(
                    event @ (AgentEvent::Message(_)
                    | AgentEvent::ContentDelta { .. }
                    | AgentEvent::ThinkingDelta { .. }
                    | AgentEvent::ToolUse(_)
                    | AgentEvent::ToolResult(_)
                    | AgentEvent::Spent { .. }
                    | AgentEvent::RateLimit(_)),
                ) => _ = self.record(event),
                LineEvent::Agent(AgentEvent::SessionStarted { agent_session_id }) => {
                    self.keep_agent_session_id(agent_session_id);
                }
                LineEvent::Agent(AgentEvent::Completed { agent_session_id, total_cost }) => {
                    self.keep_agent_session_id(agent_session_id);
                    self.add_cost(total_cost);
                }
                LineEvent::Fault(fault) => self.note_fault(fault),
                LineEvent::Agent(_) | LineEvent::Exited(_) => {}
            }
        }
    }

    fn turn_started(&self, agent_session_id: Option<AgentSessionId>) {
        self.keep_agent_session_id(agent_session_id);
        // Usually it runs since the prompt; an agent that begins a turn by itself runs from here on.
        if self.status() != Some(SessionStatus::Running) {
            self.told(self.engine.store.update_status(self.id, SessionStatus::Running));
        }
        self.told(self.engine.store.set_turn_started(self.id));
    }

    fn completed(&self, agent_session_id: Option<AgentSessionId>, total_cost: Option<Cost>) {
        self.keep_agent_session_id(agent_session_id);
        self.add_cost(total_cost);
        let end = TurnEnd { status: SessionStatus::Completed, error: None, approvals: ApprovalEnd::Cancelled };
        self.told(self.engine.store.end_turn(self.id, end));
        self.engine.notifier.notify(Notice::Completed(self.id));
    }

    fn keep_agent_session_id(&self, id: Option<AgentSessionId>) {
        if let Some(id) = id {
            self.told(self.engine.store.set_agent_session_id(self.id, id));
        }
    }

    fn append(&self, body: MessageBody) {
        let tokens = body.usage.map_or(0, Usage::total);
        self.spend(Spent { tokens, ..Spent::default() });
        self.told(self.engine.store.append_message(self.id, body));
    }

    fn add_cost(&self, since_process_start: Option<Cost>) {
        let Some(since) = since_process_start else { return };
        let before = self.engine.store.read(|state| state.session(self.id).map(|it| it.session().cost));
        let total = self.cost_before + since;
        let more = total.as_micro_usd().saturating_sub(before.unwrap_or(total).as_micro_usd());
        self.spend(Spent { cost: Cost::from_micro_usd(more), ..Spent::default() });
        self.told(self.engine.store.set_cost(self.id, total));
    }

    fn spend(&self, spent: Spent) {
        if self.engine.ledger.add(spent) {
            self.engine.end_the_day();
        }
    }

    /// Any sign of a model at work shows that the agent's account is not exhausted. A message is none:
    /// some agents say in one that it is.
    fn note_answer(&mut self, event: &AgentEvent) {
        let is_sign = matches!(
            event,
            AgentEvent::ContentDelta { .. }
                | AgentEvent::ThinkingDelta { .. }
                | AgentEvent::ToolUse(_)
                | AgentEvent::Completed { .. }
        );
        if is_sign && !self.has_answered {
            self.has_answered = true;
            if let Some(slot) = &self.slot {
                slot.answered();
            }
        }
    }

    fn rate_limited(&self, limit: RateLimit) {
        let agent = self.engine.store.read(|state| state.session(self.id).map(|it| it.session().agent.clone()));
        let Some(agent) = agent else { return };
        let account = self.engine.agents().account(&agent).to_owned();
        if let Some(until) = self.engine.door.hear(self.id, &account, &limit) {
            tracing::warn!(account, %until, "an agent's account is exhausted; no further turn begins on it before");
            self.engine.notifier.notify(Notice::RateLimited { session: self.id, account, until });
        }
        self.engine.store.report_rate_limit(&agent, limit);
    }

    fn approval_requested(&mut self, request: ApprovalRequest) {
        let request_id = request.request_id.clone();
        let answer = self.answer_without_asking(&request);
        match (self.engine.store.request_approval(self.id, request), answer) {
            (Ok(_), Some(answer)) => self.answer_by_rule(request_id, answer),
            (Ok(_), None) => self.engine.notifier.notify(Notice::NeedsApproval(self.id, request_id)),
            (Err(refused), _) => {
                tracing::debug!(session = %self.id, %refused, "a request for approval changed nothing");
            }
        }
    }

    /// The session's policy answers, or a remembered rule. A policy of no is stronger than any rule.
    fn answer_without_asking(&self, request: &ApprovalRequest) -> Option<Answer> {
        let policy = self.engine.policy(self.id);
        self.engine.store.read(|state| {
            let project = state.project(state.session(self.id)?.session().project_id)?;
            let by_rule = || rules::allow(state, project, request).then_some(Answer::ALLOW);
            policy.answer(request, &project.path).or_else(by_rule)
        })
    }

    /// Told once for each kind: some agents say such things many times a second.
    fn note_unknown(&mut self, kind: String) {
        let session = self.id;
        let is_new = !self.unknown.contains_key(&kind);
        if is_new && self.unknown.len() < UNKNOWN_KINDS_MAX {
            tracing::warn!(%session, kind, "the agent says things of an unknown kind");
            self.unknown.insert(kind, 1);
        } else if let Some(count) = self.unknown.get_mut(&kind) {
            *count += 1;
            tracing::debug!(%session, kind, count = *count, "the agent said something of an unknown kind");
        }
    }

    pub(super) fn note_fault(&mut self, fault: LineFault) {
        tracing::warn!(session = %self.id, kind = %fault.kind.as_str(), count = fault.count, "unusable output of the agent");
        tracing::debug!(session = %self.id, sample = fault.sample, "unusable output of the agent");
        self.faults.insert(fault.kind, fault);
    }

    /// The agent's process is gone. If a turn was under way, it failed.
    pub(super) fn record_exit(&mut self, exit: &Exit) {
        let error = self.describe_exit(exit);
        self.worker_gone(error);
    }

    pub(super) fn worker_gone(&mut self, error: String) {
        self.answers.abort_all();
        self.told(self.engine.store.set_worker(self.id, None));
        if self.status() == Some(SessionStatus::Running) {
            self.fail_turn(error, ApprovalEnd::Expired);
            self.engine.notifier.notify(Notice::Failed(self.id));
        } else {
            self.told(self.engine.store.end_approvals(self.id, ApprovalEnd::Expired));
        }
    }

    /// How the agent ended, what it last complained of, and what it wrote that nobody understood.
    pub(super) fn describe_exit(&self, exit: &Exit) -> String {
        let mut text = format!("the agent ended before its turn did ({})", exit.status);
        let complaint = last_lines(&exit.stderr_tail);
        if !complaint.is_empty() {
            text.push_str("; its last words on stderr:\n");
            text.push_str(&complaint);
        }
        let faults = self.faults.values().map(|fault| format!("\nunusable output: {fault}"));
        text.extend(faults);
        text
    }
}

fn last_lines(stderr: &str) -> String {
    let lines: Vec<_> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines[lines.len().saturating_sub(STDERR_LINES_SHOWN)..].join("\n");
    let excess = shown.chars().count().saturating_sub(STDERR_CHARS_SHOWN);
    shown.chars().skip(excess).collect()
}
