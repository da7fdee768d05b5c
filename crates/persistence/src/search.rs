//! Finding messages by words.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Value};
use switchboard_domain::{MessageId, SessionId, Timestamp};
use switchboard_store::{SearchHit, SearchOrder, SearchQuery};
use uuid::Uuid;

use self::words::Words;
use crate::entity::messages;
use crate::upsert::statement;

mod snippet;
mod words;

/// The most hits one search returns; a larger limit is cut to it.
const HITS_MAX: u32 = 1_000;

/// The join goes from the index to the rows and never the other way, which the planner might choose
/// for a filter and then look at every message; an index entry that is stale is not trusted.
const HITS: &str = "
SELECT m.id, m.session_id, m.seq, m.role, m.content, m.created_at
FROM message_search CROSS JOIN messages m ON m.row_id = message_search.rowid
WHERE message_search MATCH ?
    AND NOT EXISTS (SELECT 1 FROM search_stale WHERE search_stale.row_id = message_search.rowid)";

/// A session's messages arrived between its first and its last one, which the index of places knows
/// without looking at them; in most sessions that leaves few of the hits.
const IN_SESSION: &str = " AND m.session_id = ?
    AND message_search.rowid >= (SELECT min(row_id) FROM messages WHERE session_id = ?)
    AND message_search.rowid <= (SELECT max(row_id) FROM messages WHERE session_id = ?)";

pub(crate) async fn search(reader: &DatabaseConnection, query: &SearchQuery) -> Result<Vec<SearchHit>, DbErr> {
    let words = Words::new(&query.words);
    let Some(expression) = words.expression() else { return Ok(Vec::new()) };
    let mut text = HITS.to_owned();
    let mut values: Vec<Value> = vec![expression.into()];
    if let Some(id) = query.session_id {
        text.push_str(IN_SESSION);
        values.extend(std::iter::repeat_n(id.uuid().into(), 3));
    }
    if let Some(id) = query.project_id {
        text.push_str(" AND m.session_id IN (SELECT id FROM agent_sessions WHERE project_id = ?)");
        values.push(id.uuid().into());
    }
    text.push_str(match query.order {
        SearchOrder::Newest => " ORDER BY message_search.rowid DESC LIMIT ?",
        SearchOrder::Rank => " ORDER BY message_search.rank LIMIT ?",
    });
    values.push(i64::from(query.limit.min(HITS_MAX)).into());
    let rows = reader.query_all_raw(statement(text, values)).await?;
    rows.iter().map(|row| hit(row, &words)).collect()
}

fn hit(row: &QueryResult, words: &Words) -> Result<SearchHit, DbErr> {
    let role: String = row.try_get_by_index(3)?;
    let content: String = row.try_get_by_index(4)?;
    Ok(SearchHit {
        message_id: MessageId::new(row.try_get_by_index::<Uuid>(0)?),
        session_id: SessionId::new(row.try_get_by_index::<Uuid>(1)?),
        seq: messages::seq(row.try_get_by_index(2)?)?,
        role: messages::role(&role)?,
        snippet: snippet::snippet(&content, words),
        created_at: Timestamp::from_micros(row.try_get_by_index(5)?),
    })
}
