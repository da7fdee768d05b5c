//! Reading with rusqlite, by the plainest query for the same rows.

use rusqlite::Connection;
use uuid::Uuid;

/// Reads a text column of every row of a table; how many there were.
///
/// # Panics
/// When there is no such table.
pub fn whole_table(connection: &Connection, table: &str, column: &str) -> usize {
    let mut query = connection.prepare(&format!("SELECT * FROM {table} ORDER BY id DESC")).expect("it is there");
    query.query_map((), |row| row.get::<_, String>(column)).expect("it runs").count()
}

/// Reads the newest messages of a session; how many there were.
///
/// # Panics
/// When there is no such table.
pub fn newest_page(connection: &Connection, session_id: Uuid, limit: u32) -> usize {
    let mut query = connection
        .prepare("SELECT * FROM messages WHERE session_id = ?1 ORDER BY seq DESC LIMIT ?2")
        .expect("the table is there");
    let rows = query.query_map((session_id.as_bytes(), limit), |row| row.get::<_, String>("content"));
    rows.expect("it runs").count()
}

/// Finds messages with a word in them by looking at them all; how many there were.
///
/// # Panics
/// When there is no such table.
pub fn like(connection: &Connection, word: &str, limit: u32) -> usize {
    let mut query = connection
        .prepare("SELECT id FROM messages WHERE content LIKE ?1 ORDER BY row_id DESC LIMIT ?2")
        .expect("the table is there");
    let found = query.query_map((format!("%{word}%"), limit), |row| row.get::<_, Vec<u8>>(0));
    found.expect("it runs").count()
}
