//! What happened: the one thing that is applied, published and persisted.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::timestamp::duration_ms;
use crate::{
    AgentSessionId, Answer, Approval, ApprovalEnd, Cost, Delivery, Dequeued, Draft, Health, Message, Project,
    ProjectId, QueuedMessage, QueuedMessageId, RateLimit, RequestId, Seq, Session, SessionId, SessionStatus, Timestamp,
    ToolCall, ToolResult, Waiting, WorkerProcess,
};

/// One thing that happened to the state.
///
/// A change is made only after every check has passed, so applying one cannot fail. Applying one to
/// something that is gone does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Change {
    /// A project was added, or a removed one brought back.
    ProjectAdded(Project),
    /// A project has another name.
    ProjectRenamed {
        /// Which.
        project_id: ProjectId,
        /// The new name.
        name: String,
    },
    /// A project was removed; its sessions stay.
    ProjectRemoved {
        /// Which.
        project_id: ProjectId,
        /// When.
        at: Timestamp,
    },

    /// A session was created. Already on disk when this is published.
    SessionCreated(Box<Session>),
    /// Something about one session happened.
    Session {
        /// Which.
        session_id: SessionId,
        /// What.
        #[serde(flatten)]
        change: SessionChange,
    },
    /// A session and all that belongs to it is gone.
    SessionDeleted {
        /// Which.
        session_id: SessionId,
    },

    /// A setting has a value, or none any more.
    SettingChanged {
        /// Its name.
        key: String,
        /// Its value; `None` when it was removed.
        value: Option<Value>,
    },
    /// An agent said what its account may still do.
    RateLimitReported {
        /// The agent's name in the configuration.
        agent: String,
        /// What it said.
        limit: RateLimit,
    },
    /// Another session is looked at.
    ActiveSessionSet {
        /// Which; `None` for none.
        session_id: Option<SessionId>,
    },
    /// The app's last error, which belongs to no session.
    ErrorSet {
        /// The error; `None` when it was dismissed.
        error: Option<String>,
    },
    /// Hydration began or ended.
    LoadingSet {
        /// Whether it is under way.
        loading: bool,
    },
    /// Saving works, or no longer does.
    HealthChanged {
        /// How it is now.
        health: Health,
    },
    /// An event came in for a session that does not exist (any more).
    OrphanReceived(Orphan),

    /// Everything but transcripts was read from disk.
    Hydrated(Box<Hydrated>),
}

/// One thing that happened to a session that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum SessionChange {
    /// It stands elsewhere.
    StatusChanged {
        /// Where.
        status: SessionStatus,
        /// Since when.
        at: Timestamp,
    },
    /// A turn began.
    TurnStarted {
        /// When.
        at: Timestamp,
    },
    /// The time it has worked.
    ElapsedSet {
        /// Over all finished turns.
        #[serde(rename = "elapsed_ms", with = "duration_ms")]
        elapsed: Duration,
    },
    /// The agent told us its own id of the conversation.
    AgentSessionIdSet {
        /// The id.
        agent_session_id: AgentSessionId,
    },
    /// The money it has spent.
    CostSet {
        /// Over all its processes.
        cost: Cost,
    },
    /// It has another title.
    TitleSet {
        /// The title.
        title: String,
    },
    /// It has an error, or no longer.
    SessionErrorSet {
        /// The error.
        error: Option<String>,
    },
    /// A process serves it, or none any more.
    WorkerSet {
        /// The process.
        worker: Option<WorkerProcess>,
    },
    /// It waits to begin a turn, or no longer. In memory only.
    WaitingSet {
        /// What for; `None` when it does not wait.
        waiting: Option<Waiting>,
    },
    /// Its transcript, queue and approvals are gone, and its agent's conversation is forgotten; the session
    /// itself stays.
    Cleared,

    /// A message was added. It replaces the streamed text and takes up the pending tool calls.
    MessageAppended {
        /// The message.
        message: Arc<Message>,
    },
    /// The tool calls of a message are known better now. Pending ones were taken up.
    ToolCallsSet {
        /// Which message.
        seq: Seq,
        /// All its tool calls.
        tool_calls: Vec<ToolCall>,
        /// Whether the pending tool calls went into it.
        takes_pending: bool,
    },
    /// More text of the message under way.
    ContentStreamed {
        /// The piece.
        text: String,
    },
    /// More thinking of the message under way.
    ThinkingStreamed {
        /// The piece.
        text: String,
    },
    /// A tool was called.
    ToolCalled {
        /// The call; boxed, since it is larger than any other change.
        call: Box<ToolCall>,
    },
    /// A tool answered, and the call is still pending.
    ToolAnswered {
        /// The answer.
        result: ToolResult,
    },
    /// A tool is still running.
    ToolProgressed {
        /// The tool.
        tool_name: String,
        /// For how long.
        #[serde(rename = "elapsed_ms", with = "duration_ms")]
        elapsed: Duration,
    },
    /// The message under way will not come: its text was kept as a message of its own, or dropped.
    DraftDropped,

    /// The agent asked for approval.
    ApprovalRequested {
        /// The request.
        approval: Box<Approval>,
    },
    /// A person or a rule answered.
    ApprovalAnswered {
        /// Which request.
        request_id: RequestId,
        /// The answer.
        answer: Answer,
        /// When.
        at: Timestamp,
    },
    /// An approval ended without an answer.
    ApprovalEnded {
        /// Which request.
        request_id: RequestId,
        /// Why.
        end: ApprovalEnd,
        /// When.
        at: Timestamp,
    },

    /// A message was queued, behind all others.
    MessageQueued {
        /// The message.
        message: QueuedMessage,
    },
    /// A queued message has another text.
    QueuedMessageEdited {
        /// Which.
        id: QueuedMessageId,
        /// The new text.
        content: String,
    },
    /// A queued message got further, or came back.
    DeliveryChanged {
        /// Which.
        id: QueuedMessageId,
        /// How far.
        delivery: Delivery,
    },
    /// A message left the queue.
    MessageDequeued {
        /// Which.
        id: QueuedMessageId,
        /// Why.
        why: Dequeued,
    },

    /// Older messages were read from disk.
    TranscriptLoaded {
        /// The messages, oldest first, ending right before the ones already in memory.
        messages: Vec<Arc<Message>>,
    },
    /// Messages that are safely on disk were let go from memory.
    TranscriptTrimmed {
        /// The last one let go.
        through: Seq,
    },
}

/// An event for a session that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// The session it was for.
    pub session_id: SessionId,
    /// What kind of event it was; its content is not kept.
    pub kind: String,
    /// When it came.
    pub at: Timestamp,
}

/// Everything but transcripts, as it was on disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hydrated {
    /// All projects, removed ones too.
    pub projects: Vec<Project>,
    /// All sessions.
    pub sessions: Vec<StoredSession>,
    /// Approvals that have no answer.
    pub approvals: Vec<Approval>,
    /// All queued messages.
    pub queue: Vec<QueuedMessage>,
    /// All settings.
    pub settings: Vec<(String, Value)>,
}

/// A session as it was on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// Its newest message's place; [`Seq::ZERO`] when it has none.
    pub last_seq: Seq,
    /// What was under way.
    pub draft: Draft,
}
