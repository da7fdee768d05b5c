//! The tokens of each session, which budgets are about.

use sea_orm_migration::prelude::*;

/// What the messages that are there already say is added up.
const USAGE: &str = "
ALTER TABLE agent_sessions ADD COLUMN usage TEXT;

UPDATE agent_sessions SET usage = (
    SELECT json_object(
        'input_tokens', sum(coalesce(m.usage ->> 'input_tokens', 0)),
        'output_tokens', sum(coalesce(m.usage ->> 'output_tokens', 0)),
        'cache_read_tokens', sum(coalesce(m.usage ->> 'cache_read_tokens', 0)),
        'cache_write_tokens', sum(coalesce(m.usage ->> 'cache_write_tokens', 0))
    )
    FROM messages m WHERE m.session_id = agent_sessions.id AND m.usage IS NOT NULL
    HAVING count(*) > 0
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
        manager.get_connection().execute_unprepared(USAGE).await.map(|_| ())
    }
}
