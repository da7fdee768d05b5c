//! Reading all sessions, which the start of the app waits for.
//!
//! Each row comes as one value, a JSON array, and not as a value per column: every value that goes from
//! SQLite's thread to ours is allocated by the one and freed by the other under one lock, and ten
//! thousand sessions have a hundred and seventy thousand columns.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryResult, TransactionTrait};
use switchboard_domain::{Draft, Seq, Session, SessionId, StoredSession};

use crate::entity::{agent_sessions, drafts, messages, unreadable};
use crate::json;
use crate::upsert::statement;

/// The inner array has the fields of the row, in its order. The place of the newest message comes out
/// of the index of places, one step per session.
const SESSIONS: &str = "
SELECT json_array(
    json_array(hex(s.id), hex(s.project_id), s.agent, s.prompt, s.title, s.model, s.agent_session_id, s.status,
        s.created_at, s.ended_at, s.turn_started_at, s.elapsed_micros, s.cost_micro_usd, s.error, s.worker_pid,
        s.worker_started, s.usage),
    (SELECT max(m.seq) FROM messages m WHERE m.session_id = s.id)
)
FROM agent_sessions s
ORDER BY s.created_at DESC, s.id DESC";

pub(crate) async fn sessions(reader: &DatabaseConnection) -> Result<Vec<StoredSession>, DbErr> {
    // One transaction, so that sessions and drafts are of the same moment.
    let moment = reader.begin().await?;
    let drafts = drafts::Entity::find().all(&moment).await?;
    let rows = moment.query_all_raw(statement(SESSIONS, Vec::new())).await?;
    moment.commit().await?;
    let drafts = drafts.into_iter().map(|row| Ok((SessionId::new(row.session_id), row.try_into()?)));
    let mut drafts = drafts.collect::<Result<HashMap<SessionId, Draft>, DbErr>>()?;
    rows.iter().map(|row| stored_session(row, &mut drafts)).collect()
}

fn stored_session(row: &QueryResult, drafts: &mut HashMap<SessionId, Draft>) -> Result<StoredSession, DbErr> {
    let text: String = row.try_get_by_index(0)?;
    let (row, last_seq): (agent_sessions::Model, Option<i64>) =
        json::from_text(&text).map_err(|error| unreadable("of a session", error))?;
    let session = Session::try_from(row)?;
    Ok(StoredSession {
        last_seq: last_seq.map(messages::seq).transpose()?.unwrap_or(Seq::ZERO),
        draft: drafts.remove(&session.id).unwrap_or_default(),
        session,
    })
}
