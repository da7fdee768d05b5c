//! Messages that wait for their agent. The order of ids is the order of the queue.

use sea_orm::entity::prelude::*;
use switchboard_domain::{Delivery, QueuedMessage, QueuedMessageId, SessionId, Timestamp};

use super::unreadable;
use crate::upsert::Upsert;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queued_messages")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) content: String,
    pub(crate) created_at: i64,
    pub(crate) delivery: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&QueuedMessage> for Model {
    fn from(queued: &QueuedMessage) -> Self {
        Self {
            id: queued.id.uuid(),
            session_id: queued.session_id.uuid(),
            content: queued.content.clone(),
            created_at: queued.created_at.as_micros(),
            delivery: queued.delivery.as_str().to_owned(),
        }
    }
}

impl TryFrom<Model> for QueuedMessage {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let delivery = [Delivery::Waiting, Delivery::Sending, Delivery::Unknown]
            .into_iter()
            .find(|delivery| delivery.as_str() == row.delivery)
            .ok_or_else(|| unreadable("delivery", &row.delivery))?;
        Ok(Self {
            id: QueuedMessageId::new(row.id),
            session_id: SessionId::new(row.session_id),
            content: row.content,
            created_at: Timestamp::from_micros(row.created_at),
            delivery,
        })
    }
}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::Id];
    const COLUMNS: &'static [Column] =
        &[Column::Id, Column::SessionId, Column::Content, Column::CreatedAt, Column::Delivery];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([
            self.id.into(),
            self.session_id.into(),
            self.content.into(),
            self.created_at.into(),
            self.delivery.into(),
        ]);
    }
}
