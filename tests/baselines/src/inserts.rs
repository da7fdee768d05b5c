//! Durable inserts with `synchronous=FULL`: two that are as fast as can be, and the obvious one.

use std::path::Path;

use sea_orm::entity::prelude::*;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ActiveValue, ConnectOptions, Database, EntityTrait};

/// Rows in one transaction of the fast ones.
const BATCH: usize = 1_000;

/// Rows in one statement: more gain nothing.
const ROWS_A_STATEMENT: usize = 100;

/// When everything was said.
const CREATED_AT: i64 = 1_800_000_000_000_000;

/// A message to insert.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id, a UUIDv7.
    pub id: Uuid,
    /// Its session, which is there.
    pub session_id: Uuid,
    /// Its place there.
    pub seq: i64,
    /// What it says.
    pub content: String,
}

/// rusqlite: one prepared statement, a thousand rows a transaction.
///
/// # Panics
/// When the database does not take it.
pub fn rusqlite_batched(file: &Path, rows: impl Iterator<Item = Row>) {
    const INSERT: &str = "INSERT INTO messages (id, session_id, seq, role, content, created_at) \
                          VALUES (?1, ?2, ?3, 'assistant', ?4, ?5)";
    let mut connection = rusqlite::Connection::open(file).expect("a database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("it takes");
    connection.pragma_update(None, "synchronous", "FULL").expect("it takes");
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let transaction = connection.transaction().expect("nobody else writes");
        let mut insert = transaction.prepare(INSERT).expect("the table is there");
        for row in rows.by_ref().take(BATCH) {
            insert
                .execute((row.id.as_bytes(), row.session_id.as_bytes(), row.seq, row.content, CREATED_AT))
                .expect("the place is free");
        }
        drop(insert);
        transaction.commit().expect("the disk takes it");
    }
}

/// sqlx: hand-written statements of a hundred rows, a thousand rows a transaction.
///
/// # Panics
/// When the database does not take it.
pub async fn sqlx_batched(file: &Path, rows: impl Iterator<Item = Row>) {
    let mut connection = SqliteConnection::connect_with(&options(file)).await.expect("a database");
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let mut transaction = connection.begin().await.expect("nobody else writes");
        let batch: Vec<Row> = rows.by_ref().take(BATCH).collect();
        for chunk in batch.chunks(ROWS_A_STATEMENT) {
            let mut insert = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
                "INSERT INTO messages (id, session_id, seq, role, content, created_at) ",
            );
            insert.push_values(chunk, |mut values, row| {
                values.push_bind(row.id.as_bytes().as_slice()).push_bind(row.session_id.as_bytes().as_slice());
                values.push_bind(row.seq).push_bind("assistant").push_bind(&row.content).push_bind(CREATED_AT);
            });
            insert.build().execute(&mut *transaction).await.expect("the places are free");
        }
        transaction.commit().await.expect("the disk takes it");
    }
    connection.close().await.expect("it closes");
}

/// `SeaORM` as its guide shows it: each message is inserted when it comes, and is a transaction of its own.
///
/// # Panics
/// When the database does not take it.
pub async fn sea_orm_one_by_one(file: &Path, rows: impl Iterator<Item = Row>) {
    let mut connect = ConnectOptions::new("sqlite::memory:");
    let file = options(file);
    connect.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |_| file.clone());
    let database = Database::connect(connect).await.expect("a database");
    for row in rows {
        let row = message::ActiveModel {
            row_id: ActiveValue::NotSet,
            id: ActiveValue::Set(row.id),
            session_id: ActiveValue::Set(row.session_id),
            seq: ActiveValue::Set(row.seq),
            role: ActiveValue::Set("assistant".to_owned()),
            content: ActiveValue::Set(row.content),
            created_at: ActiveValue::Set(CREATED_AT),
        };
        message::Entity::insert(row).exec_without_returning(&database).await.expect("the disk takes it");
    }
    database.close().await.expect("it closes");
}

fn options(file: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(file);
    options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
}

/// The columns that a message cannot do without.
mod message {
    use super::{ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter};
    use super::{PrimaryKeyTrait, Uuid};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "messages")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) row_id: i64,
        pub(crate) id: Uuid,
        pub(crate) session_id: Uuid,
        pub(crate) seq: i64,
        pub(crate) role: String,
        pub(crate) content: String,
        pub(crate) created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
