//! Starting with, paging through and searching databases of ten, a thousand and ten thousand sessions, the last with
//! a million messages.
//!
//! Baselines: rusqlite, with the plainest query for the same rows.

use std::time::Duration;

use switchboard_baselines::{like, newest_page};
use switchboard_domain::Seq;
use switchboard_persistence::SqlitePersistence;
use switchboard_store::{Page, Persistence, SearchOrder, SearchQuery};
use switchboard_tests::measure::{Figure, Goal, Growth, Report, Samples};
use switchboard_tests::workload;
use tokio::runtime::Runtime;

use crate::library::{COMMON, Library, RARE};
use crate::starting;

/// Weeks, months and years of work.
const SESSIONS: [u64; 3] = [10, 1_000, 10_000];
/// Messages of the session that is read by page.
const MESSAGES_OF_THE_LONG: u64 = 100_000;
/// What a front end shows at first.
const PAGE: u32 = 200;
/// Hits that are shown at first.
const HITS: u32 = 20;
/// Enough to see one in a thousand.
const ROUNDS: usize = 1_000;
/// A look at every message takes long.
const ROUNDS_OF_LIKE: usize = 3;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let [.., most] = SESSIONS;
    let long = |sessions| if sessions == most { MESSAGES_OF_THE_LONG } else { 100 };
    let libraries = SESSIONS.map(|sessions| runtime.block_on(Library::fill(sessions, long(sessions))));
    starting::run(runtime, &libraries, report);
    let [.., largest] = &libraries;
    runtime.block_on(page(largest, report));
    runtime.block_on(search(largest, report));
    let mut left = libraries.iter();
    let growth = Growth::of(&SESSIONS, |_| {
        let library = left.next().expect("one for each amount");
        runtime.block_on(async { searched(library, COMMON).await.median() })
    });
    report.add(&growth.figure("search for a common word, as sessions grow"), None, Goal::Exponent(1.1));
}

async fn page(library: &Library, report: &mut Report) {
    let connection = rusqlite::Connection::open(library.file()).expect("a database");
    let database = workload::database(library.folder()).await;
    let plain = Samples::of(ROUNDS, || _ = newest_page(&connection, library.long.uuid(), PAGE));
    for (name, page) in [("newest", Page::Newest), ("middle", Page::Before(Seq::new(MESSAGES_OF_THE_LONG / 2)))] {
        let took = Samples::of_async(ROUNDS, async || assert_eq!(read(&database, library, page).await, PAGE)).await;
        let name = format!("{name} page of {PAGE}, of {MESSAGES_OF_THE_LONG} messages");
        took.report(&name, Some(("rusqlite, newest", &plain)), Goal::Within(Duration::from_millis(5)), report);
    }
    database.close().await.expect("it closes");
}

async fn read(database: &SqlitePersistence, library: &Library, page: Page) -> u32 {
    let messages = database.messages(library.long, page, PAGE).await.expect("it reads");
    u32::try_from(messages.len()).expect("small")
}

async fn search(library: &Library, report: &mut Report) {
    let connection = rusqlite::Connection::open(library.file()).expect("a database");
    for (name, word) in [("a rare word", RARE), ("the newest of a common word", COMMON)] {
        let plain = Samples::of(ROUNDS_OF_LIKE, || assert!(like(&connection, word, HITS) > 0)).median();
        let took = searched(library, word).await;
        let baseline = Figure::time("rusqlite, LIKE", plain);
        let goal = Goal::Within(Duration::from_millis(5));
        for (label, took) in [("p50", took.median()), ("p99", took.per_mille(990))] {
            report.add(&Figure::time(format!("search for {name}, {label}"), took), Some(&baseline), goal);
        }
    }
}

async fn searched(library: &Library, word: &str) -> Samples {
    let database = workload::database(library.folder()).await;
    let query = SearchQuery {
        words: word.to_owned(),
        project_id: None,
        session_id: None,
        order: SearchOrder::Newest,
        limit: HITS,
    };
    let took = Samples::of_async(ROUNDS, async || _ = database.search(&query).await.expect("it searches")).await;
    database.close().await.expect("it closes");
    took
}
