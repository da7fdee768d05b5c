//! The seven tables.

use sea_orm_migration::prelude::*;

/// The text is SQLite's own, because the order of columns, keys and checks is what matters here.
/// Identities are 16-byte blobs, moments are microseconds since 1970, and what has a shape of its own is
/// JSON text.
const TABLES: &str = "
CREATE TABLE projects (
    id BLOB NOT NULL PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
);

CREATE TABLE agent_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    project_id BLOB NOT NULL REFERENCES projects (id),
    agent TEXT NOT NULL,
    prompt TEXT NOT NULL,
    title TEXT NOT NULL,
    model TEXT,
    agent_session_id TEXT,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    turn_started_at INTEGER,
    elapsed_micros INTEGER NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    error TEXT,
    worker_pid INTEGER,
    worker_started INTEGER
);

CREATE INDEX agent_sessions_by_project ON agent_sessions (project_id);

-- The number of arrival is a column, because VACUUM may renumber rows that have none and the search index
-- refers to it; AUTOINCREMENT, because the number of a deleted message must not come back for another.
CREATE TABLE messages (
    row_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    session_id BLOB NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL CHECK (seq > 0),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    thinking TEXT,
    tool_calls TEXT,
    usage TEXT,
    created_at INTEGER NOT NULL
);

CREATE UNIQUE INDEX messages_by_place ON messages (session_id, seq);

CREATE TABLE drafts (
    session_id BLOB NOT NULL PRIMARY KEY REFERENCES agent_sessions (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    thinking TEXT NOT NULL,
    tool_calls TEXT NOT NULL
);

CREATE TABLE approvals (
    session_id BLOB NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE,
    request_id TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    input TEXT NOT NULL,
    suggestions TEXT,
    requested_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    answer TEXT,
    ended_at INTEGER,
    PRIMARY KEY (session_id, request_id)
);

CREATE INDEX approvals_pending ON approvals (requested_at) WHERE state = 'pending';

CREATE TABLE queued_messages (
    id BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES agent_sessions (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    delivery TEXT NOT NULL
);

CREATE INDEX queued_messages_by_session ON queued_messages (session_id);

CREATE TABLE app_settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    #[expect(elided_lifetimes_in_paths, reason = "the trait elides it, and both must be bound alike")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TABLES).await.map(|_| ())
    }
}
