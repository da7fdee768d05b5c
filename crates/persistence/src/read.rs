//! Reading everything but search.

use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, Seq, SessionId};
use switchboard_store::{PAGE_MESSAGES_MAX, Page};

use crate::entity::{app_settings, approvals, messages, projects, queued_messages, unreadable};
use crate::json;

mod session;
mod sessions;

pub(crate) use session::session;
pub(crate) use sessions::sessions;

pub(crate) async fn projects(reader: &DatabaseConnection) -> Result<Vec<Project>, DbErr> {
    let rows = projects::Entity::find()
        .order_by_asc(projects::Column::CreatedAt)
        .order_by_asc(projects::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(Project::from).collect())
}

pub(crate) async fn pending_approvals(reader: &DatabaseConnection) -> Result<Vec<Approval>, DbErr> {
    let rows = approvals::Entity::find()
        .filter(approvals::Column::State.eq(approvals::PENDING))
        .order_by_asc(approvals::Column::RequestedAt)
        .order_by_asc(approvals::Column::SessionId)
        .order_by_asc(approvals::Column::RequestId)
        .all(reader)
        .await?;
    rows.into_iter().map(Approval::try_from).collect()
}

pub(crate) async fn approval(
    reader: &DatabaseConnection,
    session_id: SessionId,
    request_id: &RequestId,
) -> Result<Option<Approval>, DbErr> {
    let key = (session_id.uuid(), request_id.as_str().to_owned());
    let row = approvals::Entity::find_by_id(key).one(reader).await?;
    row.map(Approval::try_from).transpose()
}

pub(crate) async fn queue(reader: &DatabaseConnection) -> Result<Vec<QueuedMessage>, DbErr> {
    let rows = queued_messages::Entity::find().order_by_asc(queued_messages::Column::Id).all(reader).await?;
    rows.into_iter().map(QueuedMessage::try_from).collect()
}

pub(crate) async fn settings(reader: &DatabaseConnection) -> Result<Vec<(String, Value)>, DbErr> {
    let rows = app_settings::Entity::find().order_by_asc(app_settings::Column::Key).all(reader).await?;
    let setting = |row: app_settings::Model| {
        let value = json::from_text(&row.value).map_err(|error| unreadable("value", error))?;
        Ok((row.key, value))
    };
    rows.into_iter().map(setting).collect()
}

pub(crate) async fn messages(
    reader: &DatabaseConnection,
    session_id: SessionId,
    page: Page,
    limit: u32,
) -> Result<Vec<Message>, DbErr> {
    use messages::Column;

    let of_session = messages::Entity::find()
        .filter(Column::SessionId.eq(session_id.uuid()))
        .limit(u64::from(limit.min(PAGE_MESSAGES_MAX)));
    let (query, newest_first) = match page {
        Page::Newest => (of_session.order_by_desc(Column::Seq), true),
        Page::Before(seq) => (of_session.filter(Column::Seq.lt(place(seq))).order_by_desc(Column::Seq), true),
        Page::After(seq) => (of_session.filter(Column::Seq.gt(place(seq))).order_by_asc(Column::Seq), false),
    };
    let mut rows = query.all(reader).await?;
    if newest_first {
        rows.reverse();
    }
    rows.into_iter().map(Message::try_from).collect()
}

/// No message has a place beyond what a signed number holds.
fn place(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}
