//! Entries of transcripts.

use sea_orm::entity::prelude::*;
use switchboard_domain::{Message, MessageBody, MessageId, Role, Seq, SessionId, Timestamp};

use super::{Unstorable, unreadable};
use crate::json;
use crate::upsert::Upsert;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub(crate) struct Model {
    /// The order of arrival, which the search index refers to. Never used twice.
    #[sea_orm(primary_key)]
    pub(crate) row_id: i64,
    #[sea_orm(unique)]
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) role: String,
    pub(crate) content: String,
    pub(crate) thinking: Option<String>,
    /// A JSON array; none when there are no calls.
    pub(crate) tool_calls: Option<String>,
    /// A JSON object.
    pub(crate) usage: Option<String>,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A message on its way to the disk; it has no number of arrival yet.
pub(crate) struct NewRow {
    pub(crate) id: Uuid,
    session_id: Uuid,
    seq: i64,
    role: &'static str,
    content: String,
    thinking: Option<String>,
    tool_calls: Option<String>,
    usage: Option<String>,
    created_at: i64,
}

impl TryFrom<&Message> for NewRow {
    type Error = Unstorable;

    fn try_from(message: &Message) -> Result<Self, Unstorable> {
        let body = &message.body;
        let tool_calls = (!body.tool_calls.is_empty()).then(|| json::to_text(&body.tool_calls)).transpose()?;
        Ok(Self {
            id: message.id.uuid(),
            session_id: message.session_id.uuid(),
            seq: place(message.seq)?,
            role: body.role.as_str(),
            content: body.content.clone(),
            thinking: body.thinking.clone(),
            tool_calls,
            usage: body.usage.as_ref().map(json::to_text).transpose()?,
            created_at: message.created_at.as_micros(),
        })
    }
}

fn place(seq: Seq) -> Result<i64, Unstorable> {
    match i64::try_from(seq.get()) {
        Ok(place) if place > 0 => Ok(place),
        _ => Err(Unstorable::Place(seq.get())),
    }
}

impl TryFrom<Model> for Message {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let tool_calls = row.tool_calls.map(|text| json::from_text(&text)).transpose();
        let usage = row.usage.map(|text| json::from_text(&text)).transpose();
        Ok(Self {
            id: MessageId::new(row.id),
            session_id: SessionId::new(row.session_id),
            seq: seq(row.seq)?,
            body: MessageBody {
                role: role(&row.role)?,
                content: row.content,
                thinking: row.thinking,
                tool_calls: tool_calls.map_err(|error| unreadable("tool_calls", error))?.unwrap_or_default(),
                usage: usage.map_err(|error| unreadable("usage", error))?,
            },
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

pub(crate) fn seq(place: i64) -> Result<Seq, DbErr> {
    u64::try_from(place).map(Seq::new).map_err(|error| unreadable("seq", error))
}

pub(crate) fn role(name: &str) -> Result<Role, DbErr> {
    [Role::User, Role::Assistant, Role::System]
        .into_iter()
        .find(|role| role.as_str() == name)
        .ok_or_else(|| unreadable("role", name))
}

impl Upsert for NewRow {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::Id];
    const COLUMNS: &'static [Column] = &[
        Column::Id,
        Column::SessionId,
        Column::Seq,
        Column::Role,
        Column::Content,
        Column::Thinking,
        Column::ToolCalls,
        Column::Usage,
        Column::CreatedAt,
    ];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([
            self.id.into(),
            self.session_id.into(),
            self.seq.into(),
            self.role.into(),
            self.content.into(),
            self.thinking.into(),
            self.tool_calls.into(),
            self.usage.into(),
            self.created_at.into(),
        ]);
    }
}
