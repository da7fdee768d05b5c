//! The search index.

use sea_orm_migration::prelude::*;

/// The index keeps no text of its own, only where words are. What a message says when it is indexed is
/// read from its row; a message that was indexed and is then deleted or rewritten leaves its number in
/// `search_stale`, in the same transaction, so that the index can be put right later and is not trusted
/// until then. `search_progress` has one row: every message up to its number is indexed or was deleted before.
const SEARCH: &str = "
CREATE VIRTUAL TABLE message_search USING fts5 (
    content, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE search_progress (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    indexed_through INTEGER NOT NULL
);

INSERT INTO search_progress (only_row, indexed_through) VALUES (1, 0);

CREATE TABLE search_stale (
    row_id INTEGER NOT NULL PRIMARY KEY
);

CREATE TRIGGER messages_deleted AFTER DELETE ON messages
WHEN old.row_id <= (SELECT indexed_through FROM search_progress)
BEGIN
    INSERT INTO search_stale (row_id) VALUES (old.row_id) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER messages_rewritten AFTER UPDATE OF content ON messages
WHEN old.content IS NOT new.content AND old.row_id <= (SELECT indexed_through FROM search_progress)
BEGIN
    INSERT INTO search_stale (row_id) VALUES (old.row_id) ON CONFLICT DO NOTHING;
END;
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
        manager.get_connection().execute_unprepared(SEARCH).await.map(|_| ())
    }
}
