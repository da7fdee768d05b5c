//! Starting with, paging through and searching a database of ten thousand sessions and a million messages,
//! and the memory that takes.
//!
//! Baselines: rusqlite, with the plainest query for the same rows.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchboard_domain::{Message, MessageId, Project, Session, SessionId, Timestamp};
use switchboard_persistence::SqlitePersistence;
use switchboard_store::{IdSource, Page, Persistence, SearchOrder, SearchQuery, Store, SystemIds, Upkeep, Write};
use switchboard_tests::measure::{Figure, Goal, report, timed};
use switchboard_tests::workload;

/// Years of work.
const SESSIONS: u64 = 10_000;
/// Messages of each, so that there are a million.
const MESSAGES_EACH: u64 = 100;
/// Of one session, so that a page of it is full.
const MESSAGES_OF_THE_LONG: u64 = 1_000;
/// Rows in one batch while the database is filled.
const BATCH: usize = 2_000;
/// The middle one of so many counts.
const ROUNDS: usize = 9;
/// In one message of a hundred thousand.
const RARE: &str = "chrysanthemum";
/// In every message of one session in sixteen.
const COMMON: &str = "refactoring";
/// Said on the command line to a copy of this program that only opens a database and waits.
const HOLD: &str = "--hold";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == HOLD) {
        return runtime.block_on(hold(Path::new(&args[at + 1])));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
    let long = runtime.block_on(fill(&full));
    start(&runtime, &full);
    runtime.block_on(page_and_search(&full, long));
    let idle = memory(&empty);
    report(&Figure::memory("idle", idle), None, Goal::Megabytes(30.0));
    report(&Figure::memory("10,000 sessions more", memory(&full) - idle), None, Goal::Megabytes(40.0));
}

/// Fills a database; gives a session that has more messages than a page.
async fn fill(folder: &Path) -> SessionId {
    let database = workload::database(folder).await;
    let project = Project {
        id: switchboard_domain::ProjectId::new(SystemIds.next_id()),
        path: "/project".into(),
        name: "project".to_owned(),
        created_at: Timestamp::from_micros(1),
        deleted_at: None,
    };
    let mut batch = vec![Write::Project(project.clone())];
    let mut long = None;
    for number in 0..SESSIONS {
        let session = Session::create(workload::new_session(project.id), Timestamp::from_micros(1));
        let id = session.id;
        batch.push(Write::Session(Box::new(session)));
        let is_long = number == SESSIONS / 2;
        long = is_long.then_some(id).or(long);
        let messages = if is_long { MESSAGES_OF_THE_LONG } else { MESSAGES_EACH };
        batch.extend((1..=messages).map(|seq| Write::Message(Arc::new(message(id, number, seq)))));
        if batch.len() >= BATCH {
            database.commit(&std::mem::take(&mut batch)).await.expect("the disk takes it");
        }
    }
    database.commit(&batch).await.expect("the disk takes it");
    while database.maintain().await.expect("it can be indexed") == Upkeep::More {}
    database.close().await.expect("it closes");
    long.expect("one of them is long")
}

fn message(session_id: SessionId, session: u64, seq: u64) -> Message {
    let number = session * MESSAGES_EACH + seq;
    let mut body = workload::message(number);
    if number.is_multiple_of(100_000) {
        body.content.push(' ');
        body.content.push_str(RARE);
    }
    if session.is_multiple_of(16) {
        body.content.push_str(" and ");
        body.content.push_str(COMMON);
    }
    let created_at = Timestamp::from_micros(i64::try_from(number).expect("small"));
    let id = MessageId::new(SystemIds.next_id());
    Message { id, session_id, seq: switchboard_domain::Seq::new(seq), body, created_at }
}

fn start(runtime: &tokio::runtime::Runtime, folder: &Path) {
    let plain = median(|| {
        let connection = rusqlite::Connection::open(folder.join("switchboard.db")).expect("a database");
        let mut query =
            connection.prepare("SELECT * FROM agent_sessions ORDER BY id DESC").expect("the table is there");
        let rows = query.query_map((), |row| row.get::<_, String>("prompt")).expect("it runs");
        assert_eq!(rows.count(), usize::try_from(SESSIONS).expect("small"));
    });
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let (store, took) = timed(|| runtime.block_on(open(folder)));
            assert_eq!(store.read(|state| state.sessions().count()), usize::try_from(SESSIONS).expect("small"));
            runtime.block_on(workload::close(store));
            took
        })
        .collect();
    times.sort_unstable();
    let figure = Figure::time("open and hydrate 10,000 sessions", times[ROUNDS / 2]);
    report(&figure, Some(&Figure::time("rusqlite, all sessions", plain)), Goal::Within(Duration::from_millis(150)));
}

async fn page_and_search(folder: &Path, id: SessionId) {
    let connection = rusqlite::Connection::open(folder.join("switchboard.db")).expect("a database");
    let database = workload::database(folder).await;

    let plain = median(|| {
        let mut query = connection.prepare("SELECT * FROM messages WHERE session_id = ? ORDER BY seq DESC LIMIT 200");
        let rows = query
            .as_mut()
            .expect("the table is there")
            .query_map([id.uuid().as_bytes()], |row| row.get::<_, String>("content"));
        assert_eq!(rows.expect("it runs").count(), 200);
    });
    let took = median_async(async || assert_eq!(page(&database, id).await.len(), 200)).await;
    let figure = Figure::time("newest page of 200 messages", took);
    report(&figure, Some(&Figure::time("rusqlite", plain)), Goal::Within(Duration::from_millis(5)));

    for (name, word) in [("a rare word", RARE), ("the newest 20 of a common word", COMMON)] {
        let (_, plain) = timed(|| {
            let like = format!("%{word}%");
            let mut query =
                connection.prepare("SELECT id FROM messages WHERE content LIKE ? ORDER BY row_id DESC LIMIT 20");
            query
                .as_mut()
                .expect("it is fine")
                .query_map([like], |row| row.get::<_, Vec<u8>>(0))
                .expect("it runs")
                .count()
        });
        let took = median_async(async || assert!(search(&database, word).await > 0)).await;
        let figure = Figure::time(format!("search for {name}"), took);
        report(&figure, Some(&Figure::time("rusqlite, LIKE", plain)), Goal::Within(Duration::from_millis(5)));
    }
    database.close().await.expect("it closes");
}

async fn page(database: &SqlitePersistence, id: SessionId) -> Vec<Message> {
    database.messages(id, Page::Newest, 200).await.expect("it reads")
}

async fn search(database: &SqlitePersistence, word: &str) -> usize {
    let (words, order) = (word.to_owned(), SearchOrder::Newest);
    let query = SearchQuery { words, project_id: None, session_id: None, order, limit: 20 };
    database.search(&query).await.expect("it searches").len()
}

async fn open(folder: &Path) -> Store {
    let store = workload::open(folder).await;
    store.hydrate().await.expect("it reads");
    store
}

/// Opens a database as the program does, says that it is ready, and waits to be killed.
async fn hold(folder: &Path) {
    let _store = open(folder).await;
    std::fs::write(folder.join("ready"), "").expect("written");
    std::future::pending::<()>().await;
}

/// Megabytes that a process holds which has opened the database in `folder`.
fn memory(folder: &Path) -> f64 {
    std::fs::create_dir_all(folder).expect("created");
    let program = std::env::current_exe().expect("this program has a path");
    let running = switchboard_tests::Running::start(Command::new(program).arg(HOLD).arg(folder));
    switchboard_tests::eventually("it to be ready", || folder.join("ready").exists().then_some(()));
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1_024.0
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(&mut work).1).collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

async fn median_async(mut work: impl AsyncFnMut()) -> Duration {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work().await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[ROUNDS / 2]
}
