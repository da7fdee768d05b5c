//! Carrying out a change.

use std::sync::Arc;

use switchboard_domain::{
    Approval, ApprovalState, Change, Draft, Hydrated, Message, PendingToolCalls, Project, ProjectId, QueuedMessage,
    QueuedMessageId, RequestId, Role, SessionChange, SessionId, ToolResult,
};

use crate::state::{SessionState, State, Transcript};

impl State {
    /// Carries out `change`. A change to something that is not there does nothing.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::ProjectAdded(project) => {
                self.projects.insert(project.id, project.clone());
            }
            Change::ProjectRenamed { project_id, name } => {
                self.with_project(*project_id, |project| project.name.clone_from(name));
            }
            Change::ProjectRemoved { project_id, at } => {
                self.with_project(*project_id, |project| project.deleted_at = Some(*at));
            }
            Change::SessionCreated(session) => {
                self.sessions.insert(session.id, Arc::new(SessionState::new((**session).clone())));
            }
            Change::Session { session_id, change } => {
                if let Some(session) = self.sessions.get_mut(session_id) {
                    Arc::make_mut(session).apply(change);
                }
            }
            Change::SessionDeleted { session_id } => self.delete_session(*session_id),
            Change::SettingChanged { key, value: Some(value) } => {
                self.settings.insert(key.clone(), value.clone());
            }
            Change::SettingChanged { key, value: None } => {
                self.settings.remove(key);
            }
            Change::RateLimitReported { agent, limit } => {
                self.rate_limits.insert(agent.clone(), limit.clone());
            }
            Change::ActiveSessionSet { session_id } => self.active_session = *session_id,
            Change::ErrorSet { error } => self.error.clone_from(error),
            Change::LoadingSet { loading } => self.loading = *loading,
            Change::HealthChanged { health } => self.health = health.clone(),
            Change::OrphanReceived(orphan) => self.orphans.add(orphan.clone()),
            Change::Hydrated(hydrated) => self.hydrate(hydrated),
        }
    }

    fn with_project(&mut self, id: ProjectId, edit: impl FnOnce(&mut Project)) {
        if let Some(project) = self.projects.get_mut(&id) {
            edit(project);
        }
    }

    fn delete_session(&mut self, id: SessionId) {
        self.sessions.remove(&id);
        if self.active_session == Some(id) {
            self.active_session = None;
        }
    }

    /// Takes in what was on disk; what is in memory already is newer and stays.
    fn hydrate(&mut self, hydrated: &Hydrated) {
        for project in &hydrated.projects {
            self.projects.entry(project.id).or_insert_with(|| project.clone());
        }
        for stored in &hydrated.sessions {
            let fresh = || Arc::new(SessionState::stored(stored.clone()));
            self.sessions.entry(stored.session.id).or_insert_with(fresh);
        }
        for approval in &hydrated.approvals {
            self.with_session(approval.session_id, |session| session.hydrate_approval(approval));
        }
        for message in &hydrated.queue {
            self.with_session(message.session_id, |session| session.hydrate_queued(message));
        }
        for (key, value) in &hydrated.settings {
            self.settings.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    fn with_session(&mut self, id: SessionId, edit: impl FnOnce(&mut SessionState)) {
        if let Some(session) = self.sessions.get_mut(&id) {
            edit(Arc::make_mut(session));
        }
    }
}

impl SessionState {
    fn apply(&mut self, change: &SessionChange) {
        use SessionChange as Is;
        match change {
            Is::StatusChanged { status, at } => self.session.set_status(*status, *at),
            Is::WaitingSet { waiting } => self.waiting.clone_from(waiting),
            Is::TurnStarted { at } => self.session.turn_started_at = Some(*at),
            Is::ElapsedSet { elapsed } => self.session.elapsed = *elapsed,
            Is::AgentSessionIdSet { agent_session_id: id } => self.session.agent_session_id = Some(id.clone()),
            Is::CostSet { cost } => self.session.cost = *cost,
            Is::TitleSet { title } => self.session.title.clone_from(title),
            Is::SessionErrorSet { error } => self.session.error.clone_from(error),
            Is::WorkerSet { worker } => self.session.worker = *worker,
            Is::Cleared => self.clear(),

            Is::MessageAppended { message } => self.append(message),
            Is::ToolCallsSet { seq, tool_calls, takes_pending } => {
                self.transcript.set_tool_calls(*seq, tool_calls);
                if *takes_pending {
                    self.draft.tool_calls = PendingToolCalls::default();
                }
            }
            Is::ContentStreamed { text } => self.draft.content.push_str(text),
            Is::ThinkingStreamed { text } => self.draft.thinking.push_str(text),
            Is::ToolCalled { call } => self.draft.tool_calls.begin((**call).clone()),
            Is::ToolAnswered { result } => self.answer_tool(result),
            Is::ToolProgressed { tool_name, elapsed } => self.tool_progress = Some((tool_name.clone(), *elapsed)),
            Is::DraftDropped => self.drop_draft(),
            Is::TranscriptLoaded { messages } => self.transcript.prepend(messages),
            Is::TranscriptTrimmed { through } => self.transcript.trim(*through),

            Is::ApprovalRequested { approval } => self.add_approval((**approval).clone()),
            Is::ApprovalAnswered { request_id, answer, at } => {
                self.set_approval(request_id, ApprovalState::Answered { answer: answer.clone(), at: *at });
            }
            Is::ApprovalEnded { request_id, end, at } => self.set_approval(request_id, ApprovalState::ended(*end, *at)),

            Is::MessageQueued { message } => self.queue.push_back(message.clone()),
            Is::QueuedMessageEdited { id, content } => self.with_queued(*id, |it| it.content.clone_from(content)),
            Is::DeliveryChanged { id, delivery } => self.with_queued(*id, |it| it.delivery = *delivery),
            Is::MessageDequeued { id, .. } => self.queue.retain(|message| message.id != *id),
        }
    }

    fn answer_tool(&mut self, result: &ToolResult) {
        self.draft.tool_calls.finish(result.clone());
        self.tool_progress = None;
    }

    fn set_approval(&mut self, request_id: &RequestId, state: ApprovalState) {
        if let Some(approval) = self.approvals.iter_mut().find(|it| it.request.request_id == *request_id) {
            approval.state = state;
        }
    }

    fn with_queued(&mut self, id: QueuedMessageId, edit: impl FnOnce(&mut QueuedMessage)) {
        if let Some(message) = self.queue.iter_mut().find(|message| message.id == id) {
            edit(message);
        }
    }

    fn append(&mut self, message: &Arc<Message>) {
        self.session.usage = self.session.usage + message.body.usage.unwrap_or_default();
        self.transcript.append(Arc::clone(message));
        if message.body.role == Role::Assistant {
            self.drop_draft();
        }
    }

    fn drop_draft(&mut self) {
        self.draft = Draft::default();
        self.tool_progress = None;
    }

    fn clear(&mut self) {
        // The next prompt begins a conversation, and does not go on with the one that is gone.
        self.session.agent_session_id = None;
        self.transcript = Transcript::default();
        self.approvals.clear();
        self.queue.clear();
        self.drop_draft();
    }

    fn hydrate_approval(&mut self, approval: &Approval) {
        // Not `add_approval`: what is told anew keeps all that was kept where it comes from.
        if self.approval(&approval.request.request_id).is_none() {
            self.approvals.push_back(approval.clone());
        }
    }

    fn hydrate_queued(&mut self, message: &QueuedMessage) {
        if self.queued(message.id).is_none() {
            self.queue.push_back(message.clone());
        }
    }
}
