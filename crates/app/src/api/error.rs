//! What goes wrong, in the one shape that all errors have on the wire.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use switchboard_store::{CreateError, MessagesError, NotSaved, ReadError, Refused};

use crate::api::wire::{ErrorBody, ErrorDetail};
use crate::engine::EngineError;

/// An error on its way to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Option<&'static str>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None }
    }

    pub(super) const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What was asked for makes no sense as it is.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    pub(super) fn empty_text() -> Self {
        Self::invalid("empty_text", "there is nothing in the text")
    }

    /// It is done in memory, and gets to disk whenever that works again.
    pub(super) fn not_saved_yet() -> Self {
        let message = "done, but the disk did not take it in time; it is saved as soon as that works";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_saved_yet", message).hint("GET /api/v1/health says more")
    }

    pub(super) fn session_not_found() -> Self {
        EngineError::SessionNotFound.into()
    }

    /// A bug: nothing that a caller did.
    pub(super) fn internal() -> Self {
        let message = "something went wrong inside switchboard";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message).hint("its log says more")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, hint } = self;
        let error = ErrorDetail { code: code.to_owned(), message, hint: hint.map(str::to_owned) };
        (status, Json(ErrorBody { error })).into_response()
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        use EngineError as Is;
        let (status, code, hint) = match &error {
            Is::SessionNotFound => return Refused::SessionNotFound.into(),
            Is::Refused(refused) => return (*refused).into(),
            Is::NotCreated(cause) => return cause.clone().into(),
            Is::UnknownAgent { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unknown_agent", "GET /api/v1/agents lists them")
            }
            Is::NotSaved { .. } => (StatusCode::SERVICE_UNAVAILABLE, "not_saved", "GET /api/v1/health says more"),
            Is::AnswerWaits { .. } => (StatusCode::SERVICE_UNAVAILABLE, "answer_waits", "do not answer again"),
            Is::BudgetSpent(_) => (StatusCode::CONFLICT, "budget_spent", "raise the budget to go on"),
            Is::NothingToResume { .. } => (StatusCode::CONFLICT, "nothing_to_resume", "send it a message"),
            Is::TranscriptUnreadable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unreadable", "GET /api/v1/health says more")
            }
            Is::NotStarted(_) => {
                (StatusCode::BAD_GATEWAY, "agent_not_started", "the session is there, and failed; send to it to retry")
            }
            Is::NotDelivered(_) => (StatusCode::BAD_GATEWAY, "not_delivered", "send it again"),
            Is::DeliveryUnknown(_) => {
                (StatusCode::BAD_GATEWAY, "delivery_unknown", "look at the transcript before you send it again")
            }
            Is::NotDeleted(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "not_deleted", "see to the file it names, and delete it again")
            }
            Is::Stopped => (StatusCode::CONFLICT, "stopped", "send it again"),
            Is::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "try again when it is back"),
        };
        Self::new(status, code, error.to_string()).hint(hint)
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        use Refused as Is;
        let (status, code) = match refused {
            Is::SessionNotFound => (StatusCode::NOT_FOUND, "session_not_found"),
            Is::ProjectNotFound => (StatusCode::NOT_FOUND, "project_not_found"),
            Is::NameEmpty => (StatusCode::UNPROCESSABLE_ENTITY, "name_empty"),
            Is::StatusNotAllowed => (StatusCode::CONFLICT, "status_not_allowed"),
            Is::ApprovalNotFound => (StatusCode::NOT_FOUND, "approval_not_found"),
            Is::AlreadyAnswered => (StatusCode::CONFLICT, "already_answered"),
            Is::AlreadyPending => (StatusCode::CONFLICT, "already_pending"),
            Is::TooManyApprovals => (StatusCode::CONFLICT, "too_many_approvals"),
            Is::QueueFull => (StatusCode::CONFLICT, "queue_full"),
            Is::QueuedMessageNotFound => (StatusCode::NOT_FOUND, "queued_message_not_found"),
            Is::QueuedMessageLeaving => (StatusCode::CONFLICT, "queued_message_leaving"),
        };
        let error = Self::new(status, code, refused.to_string());
        match refused {
            Is::SessionNotFound => error.hint("GET /api/v1/sessions lists them"),
            Is::ProjectNotFound => error.hint("GET /api/v1/projects lists them"),
            _ => error,
        }
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        let (status, code) = match &error {
            CreateError::ProjectNotFound => return Refused::ProjectNotFound.into(),
            CreateError::AlreadyUnderWay => (StatusCode::CONFLICT, "already_under_way"),
            CreateError::Refused { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "refused_by_database"),
            CreateError::NotSaved { .. } => (StatusCode::SERVICE_UNAVAILABLE, "not_saved"),
            CreateError::Closed => return EngineError::ShuttingDown.into(),
        };
        Self::new(status, code, error.to_string()).hint("there is no such session; ask again with the same id")
    }
}

impl From<NotSaved> for ApiError {
    fn from(error: NotSaved) -> Self {
        match error {
            NotSaved::Closed => EngineError::ShuttingDown.into(),
            NotSaved::SetAside { .. } => EngineError::NotSaved { reason: error.to_string() }.into(),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unreadable", error.to_string())
            .hint("`switchboard doctor` says more")
    }
}

impl From<MessagesError> for ApiError {
    fn from(error: MessagesError) -> Self {
        match error {
            MessagesError::SessionNotFound => Self::session_not_found(),
            MessagesError::Read(error) => error.into(),
        }
    }
}
