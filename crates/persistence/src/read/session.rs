//! Reading one session, again and again while somebody follows it.

use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};
use switchboard_domain::{Draft, Seq, Session, SessionId, StoredSession};

use crate::entity::{agent_sessions, drafts, messages};

pub(crate) async fn session(reader: &DatabaseConnection, id: SessionId) -> Result<Option<StoredSession>, DbErr> {
    // One transaction, so that all of it is of the same moment.
    let moment = reader.begin().await?;
    let row = agent_sessions::Entity::find_by_id(id.uuid()).one(&moment).await?;
    let draft = drafts::Entity::find_by_id(id.uuid()).one(&moment).await?;
    let last_seq: Option<i64> = messages::Entity::find()
        .select_only()
        .column(messages::Column::Seq)
        .filter(messages::Column::SessionId.eq(id.uuid()))
        .order_by_desc(messages::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(&moment)
        .await?;
    moment.commit().await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredSession {
        session: Session::try_from(row)?,
        last_seq: last_seq.map(messages::seq).transpose()?.unwrap_or(Seq::ZERO),
        draft: draft.map(Draft::try_from).transpose()?.unwrap_or_default(),
    }))
}
