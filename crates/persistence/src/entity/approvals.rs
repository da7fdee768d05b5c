//! Tool calls that wait for a yes or no, or did.

use sea_orm::entity::prelude::*;
use switchboard_domain::{Approval, ApprovalEnd, ApprovalRequest, ApprovalState, RequestId, SessionId, Timestamp};

use super::{Unstorable, unreadable};
use crate::json;
use crate::upsert::Upsert;

/// The state of an approval that waits.
pub(crate) const PENDING: &str = "pending";
const ANSWERED: &str = "answered";
const CANCELLED: &str = "cancelled";
const EXPIRED: &str = "expired";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approvals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) session_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) request_id: String,
    pub(crate) tool_name: String,
    /// JSON.
    pub(crate) input: String,
    /// JSON.
    pub(crate) suggestions: Option<String>,
    pub(crate) requested_at: i64,
    pub(crate) state: String,
    /// A JSON object; there exactly when answered.
    pub(crate) answer: Option<String>,
    /// There unless pending.
    pub(crate) ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Approval> for Model {
    type Error = Unstorable;

    fn try_from(approval: &Approval) -> Result<Self, Unstorable> {
        let request = &approval.request;
        let (state, answer, ended_at) = match &approval.state {
            ApprovalState::Pending => (PENDING, None, None),
            ApprovalState::Answered { answer, at } => (ANSWERED, Some(json::to_text(answer)?), Some(*at)),
            ApprovalState::Cancelled { at } => (CANCELLED, None, Some(*at)),
            ApprovalState::Expired { at } => (EXPIRED, None, Some(*at)),
        };
        Ok(Self {
            session_id: approval.session_id.uuid(),
            request_id: request.request_id.as_str().to_owned(),
            tool_name: request.tool_name.clone(),
            input: json::to_text(&request.input)?,
            suggestions: request.suggestions.as_ref().map(json::to_text).transpose()?,
            requested_at: approval.requested_at.as_micros(),
            state: state.to_owned(),
            answer,
            ended_at: ended_at.map(Timestamp::as_micros),
        })
    }
}

impl TryFrom<Model> for Approval {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let state = state(&row)?;
        let suggestions = row.suggestions.map(|text| json::from_text(&text)).transpose();
        Ok(Self {
            session_id: SessionId::new(row.session_id),
            request: ApprovalRequest {
                request_id: RequestId::new(row.request_id),
                tool_name: row.tool_name,
                input: json::from_text(&row.input).map_err(|error| unreadable("input", error))?,
                suggestions: suggestions.map_err(|error| unreadable("suggestions", error))?,
            },
            requested_at: Timestamp::from_micros(row.requested_at),
            state,
        })
    }
}

fn state(row: &Model) -> Result<ApprovalState, DbErr> {
    let at = || row.ended_at.map(Timestamp::from_micros).ok_or_else(|| unreadable("ended_at", "is missing"));
    match row.state.as_str() {
        PENDING => Ok(ApprovalState::Pending),
        ANSWERED => {
            let answer = row.answer.as_deref().ok_or_else(|| unreadable("answer", "is missing"))?;
            let answer = json::from_text(answer).map_err(|error| unreadable("answer", error))?;
            Ok(ApprovalState::Answered { answer, at: at()? })
        }
        CANCELLED => Ok(ApprovalState::ended(ApprovalEnd::Cancelled, at()?)),
        EXPIRED => Ok(ApprovalState::ended(ApprovalEnd::Expired, at()?)),
        unknown => Err(unreadable("state", unknown)),
    }
}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::SessionId, Column::RequestId];
    const COLUMNS: &'static [Column] = &[
        Column::SessionId,
        Column::RequestId,
        Column::ToolName,
        Column::Input,
        Column::Suggestions,
        Column::RequestedAt,
        Column::State,
        Column::Answer,
        Column::EndedAt,
    ];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([
            self.session_id.into(),
            self.request_id.into(),
            self.tool_name.into(),
            self.input.into(),
            self.suggestions.into(),
            self.requested_at.into(),
            self.state.into(),
            self.answer.into(),
            self.ended_at.into(),
        ]);
    }
}
