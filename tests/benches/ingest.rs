//! Durable ingest: how many messages a second get from an agent's mouth to the disk.
//!
//! Everything writes to the table that the product made, with `synchronous=FULL`. Baselines: the best
//! that can be had (rusqlite, one prepared statement, a thousand rows in a transaction) and the
//! obvious thing (SeaORM, one autocommit `INSERT` for each message).

use sea_orm::entity::prelude::*;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ActiveValue, ConnectOptions, Database, EntityTrait};
use switchboard_domain::SessionId;
use switchboard_store::{IdSource, SystemIds};
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Figure, Goal, report, timed};
use switchboard_tests::workload;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// As many as a busy person has.
const SESSIONS: usize = 100;
/// Messages in all, for what is fast.
const MESSAGES: u64 = 200_000;
/// Rows in one transaction of the fast baseline.
const BATCH: u64 = 1_000;
/// Messages in all, for what is slow.
const MESSAGES_ONE_BY_ONE: u64 = 4_000;

const INSERT: &str =
    "INSERT INTO messages (id, session_id, seq, role, content, created_at) VALUES (?1, ?2, ?3, 'assistant', ?4, ?5)";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let prepared = rusqlite_prepared(&runtime);
    let one_by_one = runtime.block_on(sea_orm_one_by_one());
    report(&prepared, None, Goal::None);
    report(&one_by_one, Some(&prepared), Goal::None);
    let store = runtime.block_on(through_the_store());
    report(&store, Some(&prepared), Goal::Times(0.5));
    report(&store, Some(&one_by_one), Goal::Times(20.0));
    let sidecars = runtime.block_on(from_sidecars());
    report(&sidecars, Some(&one_by_one), Goal::Times(15.0));
}

/// The whole way: processes that talk flat out, their lines, the engine, the store, the disk.
async fn from_sidecars() -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let each = MESSAGES / u64::try_from(SESSIONS).expect("small");
    let began = std::time::Instant::now();
    crew.start(SESSIONS, &format!("talker {each}")).await;
    crew.wait_for_the_end().await;
    crew.store().flush().await.expect("the disk takes everything");
    let took = began.elapsed();
    let told: u64 = crew.store().read(|state| state.sessions().map(|it| it.transcript().last_seq().get()).sum());
    assert_eq!(
        told,
        MESSAGES + u64::try_from(SESSIONS).expect("small"),
        "every message, and a prompt for each session"
    );
    crew.dismiss().await;
    Figure::rate(format!("{SESSIONS} sidecars flat out, whole way"), MESSAGES, took)
}

async fn through_the_store() -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let sessions = workload::sessions(&store, SESSIONS).await;
    let each = MESSAGES / u64::try_from(SESSIONS).expect("small");
    let began = std::time::Instant::now();
    let mut writers = JoinSet::new();
    for id in sessions {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0..each {
                store.ready().await;
                let _receipt = store.append_message(id, workload::message(number)).expect("the session is there");
            }
        });
    }
    writers.join_all().await;
    store.flush().await.expect("the disk takes everything");
    let took = began.elapsed();
    workload::close(store).await;
    Figure::rate(format!("store, {SESSIONS} sessions"), MESSAGES, took)
}

fn rusqlite_prepared(runtime: &tokio::runtime::Runtime) -> Figure {
    let (folder, sessions) = runtime.block_on(empty_sessions());
    let mut connection = rusqlite::Connection::open(folder.path().join("switchboard.db")).expect("a database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("it takes");
    connection.pragma_update(None, "synchronous", "FULL").expect("it takes");
    let ((), took) = timed(|| {
        for batch in 0..MESSAGES / BATCH {
            let transaction = connection.transaction().expect("nobody else writes");
            let mut insert = transaction.prepare(INSERT).expect("the table is there");
            for number in batch * BATCH..(batch + 1) * BATCH {
                let (session, seq) = place(&sessions, number);
                let (id, body) = (SystemIds.next_id(), workload::message(number));
                let row = (id.as_bytes(), session.uuid().into_bytes(), seq, body.content, 1_800_000_000_000_000_i64);
                insert.execute(row).expect("the place is free");
            }
            drop(insert);
            transaction.commit().expect("the disk takes it");
        }
    });
    Figure::rate("rusqlite, prepared, 1,000 a commit", MESSAGES, took)
}

async fn sea_orm_one_by_one() -> Figure {
    let (folder, sessions) = empty_sessions().await;
    let mut options = ConnectOptions::new("sqlite::memory:");
    let file = folder.path().join("switchboard.db");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |_| {
        let options = SqliteConnectOptions::new().filename(&file);
        options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
    });
    let database = Database::connect(options).await.expect("a database");
    let began = std::time::Instant::now();
    for number in 0..MESSAGES_ONE_BY_ONE {
        let (session, seq) = place(&sessions, number);
        let row = message::ActiveModel {
            row_id: ActiveValue::NotSet,
            id: ActiveValue::Set(SystemIds.next_id()),
            session_id: ActiveValue::Set(session.uuid()),
            seq: ActiveValue::Set(seq),
            role: ActiveValue::Set("assistant".to_owned()),
            content: ActiveValue::Set(workload::message(number).content),
            created_at: ActiveValue::Set(1_800_000_000_000_000),
        };
        message::Entity::insert(row).exec_without_returning(&database).await.expect("the disk takes it");
    }
    Figure::rate("SeaORM, one INSERT a message", MESSAGES_ONE_BY_ONE, began.elapsed())
}

/// Which session the message goes to, and its place there.
fn place(sessions: &[SessionId], number: u64) -> (SessionId, i64) {
    let number = usize::try_from(number).expect("small");
    (sessions[number % sessions.len()], i64::try_from(number / sessions.len() + 1).expect("small"))
}

/// A database as the product makes it, with sessions that have no messages, closed again.
async fn empty_sessions() -> (TempDir, Vec<SessionId>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let sessions = workload::sessions(&store, SESSIONS).await;
    workload::close(store).await;
    (folder, sessions)
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
