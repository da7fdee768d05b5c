//! What is said: messages, streaming text, tool calls, and the turns they make up.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{
    ApprovalEnd, Draft, Message, MessageBody, MessageId, Role, Seq, SessionChange, SessionId, SessionStatus, Timestamp,
    ToolCall, ToolResult, answer_tool_call,
};

use crate::backlog::call_weight;
use crate::receipt::Receipt;
use crate::state::SessionState;
use crate::store::{Refused, Store};

/// Streamed text past this becomes a message of its own: what is unfinished is written anew at each
/// checkpoint, so it must stay small.
const DRAFT_BYTES_MAX: usize = 1 << 20;

/// Pending tool calls past this go into a message, for the same reason.
const PENDING_CALLS_MAX: usize = 256;

/// Bytes of pending tool calls past which they go into a message, for the same reason.
const PENDING_CALLS_BYTES_MAX: usize = 1 << 20;

/// Pending tool calls do not go onto a message that has this many: a row is written whole each time.
const MESSAGE_CALLS_MAX: usize = 256;

/// How far back a late tool result looks for its call.
const LATE_RESULT_MESSAGES: usize = 64;

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnEnd {
    /// The status it leads to; a final one.
    pub status: SessionStatus,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What becomes of approvals that still wait.
    pub approvals: ApprovalEnd,
}

impl Store {
    /// Appends a message. The agent's own replace the streamed text and take up pending tool calls;
    /// one that says nothing itself, or thinks nothing, keeps what was streamed.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn append_message(&self, id: SessionId, body: MessageBody) -> Result<Receipt<Arc<Message>>, Refused> {
        self.on_session(id, "message", |session, at| {
            let message = next_message(session, self.next_message_id(), body, at);
            Ok((Arc::clone(&message), [SessionChange::MessageAppended { message }]))
        })
    }

    /// A person's message begins a turn: it is appended, the session runs, its error is gone.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn begin_turn(&self, id: SessionId, prompt: &str) -> Result<Receipt<Arc<Message>>, Refused> {
        let body = MessageBody::text(Role::User, prompt);
        self.on_session(id, "turn", |session, at| {
            let message = next_message(session, self.next_message_id(), body, at);
            let mut changes = vec![SessionChange::MessageAppended { message: Arc::clone(&message) }];
            changes.extend(running(session, at));
            Ok((message, changes))
        })
    }

    /// A turn whose prompt is in the transcript already begins again: the session runs, its error is gone.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn begin_turn_again(&self, id: SessionId) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "turn", |session, at| Ok(((), running(session, at))))
    }

    /// A turn ends: streamed text that no message replaced is kept as a message, pending tool calls
    /// go onto the last one, waiting approvals end, the time is added up, and the status is set.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], or [`Refused::StatusNotAllowed`] when no turn is under way.
    pub fn end_turn(&self, id: SessionId, end: TurnEnd) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "turn end", |session, at| {
            if !session.session().status().may_become(end.status) || !end.status.is_final() {
                return Err(Refused::StatusNotAllowed);
            }
            let mut changes = Vec::from_iter(settle_draft(session, self.next_message_id(), at));
            changes.extend(session.pending_approvals().map(|approval| SessionChange::ApprovalEnded {
                request_id: approval.request.request_id.clone(),
                end: end.approvals,
                at,
            }));
            let worked = session.session().turn_started_at.map_or(Duration::ZERO, |began| at.since(began));
            let elapsed = session.session().elapsed.saturating_add(worked);
            changes.push(SessionChange::ElapsedSet { elapsed });
            if session.session().error != end.error {
                changes.push(SessionChange::SessionErrorSet { error: end.error });
            }
            changes.push(SessionChange::StatusChanged { status: end.status, at });
            Ok(((), changes))
        })
    }

    /// More text of the message under way.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn stream_content(&self, id: SessionId, text: &str) -> Result<(), Refused> {
        self.stream(id, text, |text| SessionChange::ContentStreamed { text })
    }

    /// More thinking of the message under way.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn stream_thinking(&self, id: SessionId, text: &str) -> Result<(), Refused> {
        self.stream(id, text, |text| SessionChange::ThinkingStreamed { text })
    }

    fn stream(&self, id: SessionId, text: &str, change: fn(String) -> SessionChange) -> Result<(), Refused> {
        self.on_session_unsaved(id, "delta", |session, at| {
            let draft = session.draft();
            let full = draft.content.len() + draft.thinking.len() + text.len() > DRAFT_BYTES_MAX;
            let kept = full.then(|| settle_draft(session, self.next_message_id(), at)).flatten();
            kept.into_iter().chain([change(text.to_owned())])
        })
    }

    /// A tool was called; the call waits for a message to take it up.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn begin_tool_call(&self, id: SessionId, call: ToolCall) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "tool call", |session, at| {
            let pending = session.draft().tool_calls.as_slice();
            let bytes: usize = pending.iter().map(call_weight).sum();
            let full = pending.len() >= PENDING_CALLS_MAX || bytes >= PENDING_CALLS_BYTES_MAX;
            let kept = full.then(|| settle_draft(session, self.next_message_id(), at)).flatten();
            Ok(((), kept.into_iter().chain([SessionChange::ToolCalled { call: Box::new(call) }])))
        })
    }

    /// A tool answered. If a message took up its call already, the answer goes there.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn finish_tool_call(&self, id: SessionId, result: ToolResult) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "tool result", |session, _| Ok(((), [place_result(session, result)])))
    }

    /// A tool is still running. In memory only.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn progress_tool_call(&self, id: SessionId, tool_name: &str, elapsed: Duration) -> Result<(), Refused> {
        let change = SessionChange::ToolProgressed { tool_name: tool_name.to_owned(), elapsed };
        self.on_session_unsaved(id, "tool progress", |_, _| [change])
    }

    /// Puts pending tool calls onto the last message, or into one of their own, and keeps streamed
    /// text as a message: nothing is unfinished after it.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn flush_draft(&self, id: SessionId) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "flush", |session, at| Ok(((), settle_draft(session, self.next_message_id(), at))))
    }

    pub(crate) fn next_message_id(&self) -> MessageId {
        MessageId::new(self.shared.config.ids.next_id())
    }
}

/// The changes that make a session run from `at` on.
pub(crate) fn running(session: &SessionState, at: Timestamp) -> Vec<SessionChange> {
    let mut changes = Vec::new();
    if session.session().error.is_some() {
        changes.push(SessionChange::SessionErrorSet { error: None });
    }
    if session.session().status().may_become(SessionStatus::Running) {
        changes.push(SessionChange::StatusChanged { status: SessionStatus::Running, at });
    }
    changes.push(SessionChange::TurnStarted { at });
    changes
}

/// The next message of the session; the agent's own take up pending tool calls.
pub(crate) fn next_message(
    session: &SessionState,
    id: MessageId,
    mut body: MessageBody,
    created_at: Timestamp,
) -> Arc<Message> {
    if body.role == Role::Assistant {
        take_up(session.draft(), &mut body);
    }
    let seq = session.transcript().last_seq().next();
    Arc::new(Message { id, session_id: session.session().id, seq, body, created_at })
}

/// The agent's message takes the place of its draft, so what it lacks comes from there: an agent may
/// stream its text and end with a message that only names tools.
fn take_up(draft: &Draft, body: &mut MessageBody) {
    draft.tool_calls.clone().merge_into(body);
    if body.content.is_empty() {
        body.content.clone_from(&draft.content);
    }
    if body.thinking.as_ref().is_none_or(String::is_empty) && !draft.thinking.is_empty() {
        body.thinking = Some(draft.thinking.clone());
    }
}

/// What leaves nothing unfinished: streamed text becomes a message, else pending tool calls go onto
/// the agent's last message, or into one of their own.
pub(crate) fn settle_draft(session: &SessionState, id: MessageId, at: Timestamp) -> Option<SessionChange> {
    let draft = session.draft();
    if draft.is_empty() {
        return None;
    }
    let has_text = !(draft.content.is_empty() && draft.thinking.is_empty());
    if !has_text && let Some(last) = agents_last_message(session) {
        let mut tool_calls = last.body.tool_calls.clone();
        draft.tool_calls.clone().drain_into(&mut tool_calls);
        return Some(SessionChange::ToolCallsSet { seq: last.seq, tool_calls, takes_pending: true });
    }
    let body = MessageBody::text(Role::Assistant, "");
    Some(SessionChange::MessageAppended { message: next_message(session, id, body, at) })
}

fn agents_last_message(session: &SessionState) -> Option<&Arc<Message>> {
    let last = session.transcript().messages().next_back()?;
    (last.body.role == Role::Assistant && last.body.tool_calls.len() < MESSAGE_CALLS_MAX).then_some(last)
}

/// Where a tool result goes: to its pending call, to the message that took the call up, or, when
/// nobody waits for it, among the pending ones.
fn place_result(session: &SessionState, result: ToolResult) -> SessionChange {
    if session.draft().tool_calls.await_answer(&result) {
        return SessionChange::ToolAnswered { result };
    }
    let recent = session.transcript().messages().rev().take(LATE_RESULT_MESSAGES);
    let this_turn = recent.take_while(|message| message.body.role != Role::User);
    for message in this_turn {
        if let Some((seq, tool_calls)) = answered_in(message, &result) {
            return SessionChange::ToolCallsSet { seq, tool_calls, takes_pending: false };
        }
    }
    SessionChange::ToolAnswered { result }
}

fn answered_in(message: &Message, result: &ToolResult) -> Option<(Seq, Vec<ToolCall>)> {
    let mut tool_calls = message.body.tool_calls.clone();
    answer_tool_call(&mut tool_calls, result.clone()).ok().map(|()| (message.seq, tool_calls))
}
