//! Asking for a yes or no, and answering.

use switchboard_domain::{Answer, Approval, ApprovalEnd, ApprovalRequest, RequestId, SessionChange, SessionId};

use crate::receipt::Receipt;
use crate::store::{Refused, Store};

/// Approvals of one session that may wait at once: far more tools than an agent calls in parallel.
const PENDING_APPROVALS_MAX: usize = 1_000;

impl Store {
    /// An agent asks. A request id that was used before and has ended may be used again: agents
    /// start counting anew with every process.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::AlreadyPending`], [`Refused::TooManyApprovals`].
    pub fn request_approval(&self, id: SessionId, request: ApprovalRequest) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "approval request", |session, at| {
            if session.approval(&request.request_id).is_some_and(Approval::is_pending) {
                return Err(Refused::AlreadyPending);
            }
            if session.pending_approvals().count() >= PENDING_APPROVALS_MAX {
                return Err(Refused::TooManyApprovals);
            }
            let approval = Box::new(Approval::new(id, request, at));
            Ok(((), [SessionChange::ApprovalRequested { approval }]))
        })
    }

    /// A person or a rule answers. The agent may be told only after the receipt is durable.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::ApprovalNotFound`], [`Refused::AlreadyAnswered`].
    pub fn answer_approval(
        &self,
        id: SessionId,
        request_id: &RequestId,
        answer: Answer,
    ) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "approval answer", |session, at| {
            let approval = session.approval(request_id).ok_or(Refused::ApprovalNotFound)?;
            if !approval.is_pending() {
                return Err(Refused::AlreadyAnswered);
            }
            Ok(((), [SessionChange::ApprovalAnswered { request_id: request_id.clone(), answer, at }]))
        })
    }

    /// A pending approval ends without an answer.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::ApprovalNotFound`], [`Refused::AlreadyAnswered`].
    pub fn end_approval(
        &self,
        id: SessionId,
        request_id: &RequestId,
        end: ApprovalEnd,
    ) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "approval end", |session, at| {
            let approval = session.approval(request_id).ok_or(Refused::ApprovalNotFound)?;
            if !approval.is_pending() {
                return Err(Refused::AlreadyAnswered);
            }
            Ok(((), [SessionChange::ApprovalEnded { request_id: request_id.clone(), end, at }]))
        })
    }

    /// All pending approvals of a session end without an answer; gives how many there were.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn end_approvals(&self, id: SessionId, end: ApprovalEnd) -> Result<Receipt<usize>, Refused> {
        self.on_session(id, "approvals end", |session, at| {
            let ended = |approval: &Approval| {
                let request_id = approval.request.request_id.clone();
                SessionChange::ApprovalEnded { request_id, end, at }
            };
            let changes: Vec<_> = session.pending_approvals().map(ended).collect();
            Ok((changes.len(), changes))
        })
    }
}
