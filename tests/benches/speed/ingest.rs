//! Durable ingest: how many messages a second get from an agent's mouth to the disk.
//!
//! Everything writes to the table that the product made, with `synchronous=FULL`. Baselines: the best that can be had
//! (rusqlite, one prepared statement, a thousand rows in a transaction), the same by hand with sqlx, and the obvious
//! thing (`SeaORM`, one autocommit `INSERT` for each message). The last figures are limits: what pipes carry and what a
//! parser takes when nothing else is done.

use std::path::PathBuf;
use std::process::Command;

use switchboard_baselines::{Row, count_lines, parse_lines, rusqlite_batched, sea_orm_one_by_one, sqlx_batched};
use switchboard_domain::SessionId;
use switchboard_store::{IdSource, SystemIds};
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Figure, Goal, Report, timed};
use switchboard_tests::{program, workload};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Sessions at once; the last is as many as a busy person has.
const SESSIONS: [usize; 3] = [1, 10, 100];
/// As many as a busy person has.
const MANY: usize = 100;
/// Messages in all, for what is fast.
const MESSAGES: u64 = 200_000;
/// Messages in all, for what is slow.
const MESSAGES_ONE_BY_ONE: u64 = 4_000;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let rusqlite = against_the_table(runtime, "rusqlite, prepared, 1,000 a commit", MESSAGES, |file, rows| {
        rusqlite_batched(&file, rows);
    });
    let sqlx = against_the_table(runtime, "sqlx by hand, 1,000 a commit", MESSAGES, |file, rows| {
        runtime.block_on(sqlx_batched(&file, rows));
    });
    let naive = against_the_table(runtime, "SeaORM, one INSERT a message", MESSAGES_ONE_BY_ONE, |file, rows| {
        runtime.block_on(sea_orm_one_by_one(&file, rows));
    });
    for sessions in SESSIONS {
        let store = runtime.block_on(through_the_store(sessions));
        let goal = |goal| if sessions == MANY { goal } else { Goal::None };
        report.add(&store, Some(&rusqlite), goal(Goal::Times(0.5)));
        report.add(&store, Some(&sqlx), Goal::None);
        report.add(&store, Some(&naive), goal(Goal::Times(20.0)));
    }
    let sidecars = runtime.block_on(from_sidecars());
    report.add(&sidecars, Some(&naive), Goal::Times(15.0));
    report.add(&sidecars, Some(&pipes_alone()), Goal::None);
    report.add(&sidecars, Some(&parser_alone()), Goal::None);
}

/// The whole way: processes that talk flat out, their lines, the engine, the store, the disk.
async fn from_sidecars() -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let each = MESSAGES / u64::try_from(MANY).expect("small");
    let began = std::time::Instant::now();
    crew.start(MANY, &format!("talker {each}")).await;
    crew.wait_for_the_end().await;
    crew.store().flush().await.expect("the disk takes everything");
    let took = began.elapsed();
    let told: u64 = crew.store().read(|state| state.sessions().map(|it| it.transcript().last_seq().get()).sum());
    assert_eq!(told, MESSAGES + u64::try_from(MANY).expect("small"), "every message, and a prompt for each session");
    crew.dismiss().await;
    Figure::rate(format!("{MANY} sidecars flat out, whole way"), MESSAGES, took)
}

/// The same processes, their output read and thrown away.
fn pipes_alone() -> Figure {
    let each = MESSAGES / u64::try_from(MANY).expect("small");
    let prompt = start_line(&format!("talker {each}"));
    let talkers = (0..MANY).map(|_| rogue()).collect();
    let (lines, took) = timed(|| count_lines(talkers, prompt.as_bytes()));
    assert!(lines >= MESSAGES, "every message is a line");
    Figure::rate("pipes alone, one thread a process", lines, took)
}

/// Lines of the same size, parsed and thrown away, on one core.
fn parser_alone() -> Figure {
    let message = serde_json::json!({ "type": "message", "sessionId": SystemIds.next_id(), "role": "assistant",
        "content": workload::message(1).content });
    let text = format!("{message}\n").repeat(usize::try_from(MESSAGES / 10).expect("small"));
    let (lines, took) = timed(|| parse_lines(&text));
    Figure::rate("serde_json alone, one core", lines, took)
}

/// An agent that does what its prompt says, without anybody between it and the pipe.
pub(crate) fn rogue() -> Command {
    let mut command = Command::new(program::rogue());
    command.arg("as-told");
    command
}

/// What begins its turn.
pub(crate) fn start_line(prompt: &str) -> String {
    let id = SystemIds.next_id();
    let start = serde_json::json!({ "type": "start_session", "sessionId": id, "projectPath": "/", "prompt": prompt });
    format!("{start}\n{}\n", serde_json::json!({ "type": "end_session", "sessionId": id }))
}

async fn through_the_store(sessions: usize) -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let ids = workload::sessions(&store, sessions).await;
    let each = MESSAGES / u64::try_from(sessions).expect("small");
    let began = std::time::Instant::now();
    let mut writers = JoinSet::new();
    for id in ids {
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
    Figure::rate(format!("store, {sessions} sessions"), MESSAGES, took)
}

/// A baseline on a fresh database of the product.
fn against_the_table(
    runtime: &Runtime,
    name: &str,
    messages: u64,
    work: impl FnOnce(PathBuf, Box<dyn Iterator<Item = Row>>),
) -> Figure {
    let (folder, sessions) = runtime.block_on(empty_sessions());
    let file = folder.path().join("switchboard.db");
    let ((), took) = timed(|| work(file, Box::new((0..messages).map(move |number| row(&sessions, number)))));
    Figure::rate(name, messages, took)
}

fn row(sessions: &[SessionId], number: u64) -> Row {
    let index = usize::try_from(number).expect("small");
    Row {
        id: SystemIds.next_id(),
        session_id: sessions[index % sessions.len()].uuid(),
        seq: i64::try_from(index / sessions.len() + 1).expect("small"),
        content: workload::message(number).content,
    }
}

/// A database as the product makes it, with sessions that have no messages, closed again.
async fn empty_sessions() -> (TempDir, Vec<SessionId>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = workload::open(folder.path()).await;
    let sessions = workload::sessions(&store, MANY).await;
    workload::close(store).await;
    (folder, sessions)
}
