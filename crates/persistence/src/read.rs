//! Reading everything but search.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult, QuerySelect,
};
use serde_json::Value;
use switchboard_domain::{Approval, Draft, Message, Project, QueuedMessage, RequestId, Seq, SessionId, StoredSession};
use switchboard_store::{PAGE_MESSAGES_MAX, Page};

use crate::entity::{agent_sessions, app_settings, approvals, drafts, messages, projects, queued_messages, unreadable};
use crate::json;
use crate::upsert::statement;

pub(crate) async fn projects(reader: &DatabaseConnection) -> Result<Vec<Project>, DbErr> {
    let rows = projects::Entity::find()
        .order_by_asc(projects::Column::CreatedAt)
        .order_by_asc(projects::Column::Id)
        .all(reader)
        .await?;
    Ok(rows.into_iter().map(Project::from).collect())
}

/// The place of the newest message comes out of the index of places, one step per session.
const SESSIONS: &str = "
SELECT s.*, d.session_id AS draft_session_id, d.content AS draft_content, d.thinking AS draft_thinking,
    d.tool_calls AS draft_tool_calls,
    (SELECT max(m.seq) FROM messages m WHERE m.session_id = s.id) AS last_seq
FROM agent_sessions s LEFT JOIN drafts d ON d.session_id = s.id
ORDER BY s.created_at DESC, s.id DESC";

pub(crate) async fn sessions(reader: &DatabaseConnection) -> Result<Vec<StoredSession>, DbErr> {
    let rows = reader.query_all_raw(statement(SESSIONS, Vec::new())).await?;
    rows.iter().map(stored_session).collect()
}

fn stored_session(row: &QueryResult) -> Result<StoredSession, DbErr> {
    let last_seq: Option<i64> = row.try_get("", "last_seq")?;
    let draft = drafts::Model::from_query_result_optional(row, "draft_")?;
    Ok(StoredSession {
        session: agent_sessions::Model::from_query_result(row, "")?.try_into()?,
        last_seq: last_seq.map(messages::seq).transpose()?.unwrap_or(Seq::ZERO),
        draft: draft.map(Draft::try_from).transpose()?.unwrap_or_default(),
    })
}

pub(crate) async fn pending_approvals(reader: &DatabaseConnection) -> Result<Vec<Approval>, DbErr> {
    let rows = approvals::Entity::find()
        .filter(approvals::Column::State.eq(approvals::PENDING))
        .order_by_asc(approvals::Column::RequestedAt)
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
