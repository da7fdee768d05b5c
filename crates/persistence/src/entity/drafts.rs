//! What agents are saying right now: at most one row per session.

use sea_orm::entity::prelude::*;
use switchboard_domain::{Draft, SessionId};

use super::{Unstorable, unreadable};
use crate::json;
use crate::upsert::Upsert;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "drafts")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) session_id: Uuid,
    pub(crate) content: String,
    pub(crate) thinking: String,
    /// A JSON array.
    pub(crate) tool_calls: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<(SessionId, &Draft)> for Model {
    type Error = Unstorable;

    fn try_from((session_id, draft): (SessionId, &Draft)) -> Result<Self, Unstorable> {
        Ok(Self {
            session_id: session_id.uuid(),
            content: draft.content.clone(),
            thinking: draft.thinking.clone(),
            tool_calls: json::to_text(&draft.tool_calls)?,
        })
    }
}

impl TryFrom<Model> for Draft {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let tool_calls = json::from_text(&row.tool_calls).map_err(|error| unreadable("tool_calls", error))?;
        Ok(Self { content: row.content, thinking: row.thinking, tool_calls })
    }
}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::SessionId];
    const COLUMNS: &'static [Column] = &[Column::SessionId, Column::Content, Column::Thinking, Column::ToolCalls];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([self.session_id.into(), self.content.into(), self.thinking.into(), self.tool_calls.into()]);
    }
}
