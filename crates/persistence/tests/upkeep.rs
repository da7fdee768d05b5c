//! Upkeep in slices, copies and numbers.

use std::path::Path;

use rstest::rstest;
use switchboard_persistence::{BackupError, DataFolder, SqlitePersistence};
use switchboard_store::testing::sample;
use switchboard_store::{Persistence, SearchOrder, SearchQuery, Upkeep, Write};

async fn open(folder: &Path) -> SqlitePersistence {
    SqlitePersistence::open(DataFolder::lock(folder).expect("free")).await.expect("opens")
}

/// A database with `count` messages, each with the word "word".
async fn with_messages(folder: &Path, count: u32) -> SqlitePersistence {
    let database = open(folder).await;
    let mut rows = vec![Write::Project(sample::project(1)), Write::Session(Box::new(sample::session(1, 1)))];
    rows.extend((1..=count).map(|seq| Write::Message(sample::text(1, seq, &format!("word {seq}")).into())));
    database.commit(&rows).await.expect("committed");
    database
}

async fn found(database: &SqlitePersistence, words: &str) -> usize {
    let (project_id, session_id, order) = (None, None, SearchOrder::Newest);
    let query = SearchQuery { words: words.into(), project_id, session_id, order, limit: 10_000 };
    database.search(&query).await.expect("search").len()
}

async fn settle(database: &SqlitePersistence) -> u32 {
    let mut slices = 1;
    while database.maintain().await.expect("upkeep") == Upkeep::More {
        slices += 1;
    }
    slices
}

#[tokio::test]
async fn indexing_goes_in_slices_and_goes_on_after_a_crash_between_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 950).await;
    assert_eq!((found(&database, "word").await, lag(&database).await), (0, 950));
    assert_eq!(database.maintain().await.expect("upkeep"), Upkeep::More);
    assert_eq!((found(&database, "word").await, lag(&database).await), (500, 450));
    drop(database);

    let database = open(folder.path()).await;
    settle(&database).await;
    assert_eq!((found(&database, "word").await, lag(&database).await), (950, 0));
    assert_eq!(database.maintain().await.expect("upkeep"), Upkeep::Done);
}

#[tokio::test]
async fn a_slice_of_long_messages_has_few_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 0).await;
    let long = "word ".repeat(60_000);
    let rows: Vec<_> = (1..=10).map(|seq| Write::Message(sample::text(1, seq, &long).into())).collect();
    database.commit(&rows).await.expect("committed");
    assert_eq!(database.maintain().await.expect("upkeep"), Upkeep::More);
    assert_eq!(lag(&database).await, 8, "half a mebibyte is two of them");
    assert_eq!(settle(&database).await, 5);
}

async fn lag(database: &SqlitePersistence) -> u64 {
    database.stats().await.expect("numbers").search_lag
}

#[tokio::test]
async fn many_deleted_messages_leave_the_index_in_slices() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 1_200).await;
    settle(&database).await;
    database.commit(&[Write::ClearSession(sample::session_id(1))]).await.expect("cleared");
    assert_eq!((found(&database, "word").await, lag(&database).await), (0, 1_200));
    assert_eq!(settle(&database).await, 4, "three slices, and the one that finds nothing left");
    assert_eq!(lag(&database).await, 0);
    let rows: Vec<_> = (1..=10).map(|seq| Write::Message(sample::text(1, seq, "anew").into())).collect();
    database.commit(&rows).await.expect("committed");
    settle(&database).await;
    assert_eq!((found(&database, "word").await, found(&database, "anew").await), (0, 10));
    assert_eq!(database.integrity_check().await.expect("checked"), [""; 0]);
}

#[tokio::test]
async fn words_are_found_with_and_without_their_marks() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 0).await;
    let texts = ["Ärger im Büro", "A\u{308}rger im Bu\u{308}ro", "arger im buro"];
    let rows: Vec<_> = (1..).zip(texts).map(|(seq, text)| Write::Message(sample::text(1, seq, text).into())).collect();
    database.commit(&rows).await.expect("committed");
    settle(&database).await;
    for words in ["Ärger", "a\u{308}rger", "arger", "BÜRO"] {
        assert_eq!(found(&database, words).await, 3, "{words:?}");
    }
}

#[tokio::test]
async fn a_copy_is_a_whole_database_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 100).await;
    settle(&database).await;
    database.commit(&[Write::Message(sample::text(1, 101, "word of late").into())]).await.expect("committed");
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("switchboard.db");
    database.backup(&copy).await.expect("copied");
    assert!(matches!(database.backup(&copy).await, Err(BackupError::Exists(path)) if path == copy));

    let restored = open(copies.path()).await;
    settle(&restored).await;
    assert_eq!(restored.sessions().await.expect("sessions"), database.sessions().await.expect("sessions"));
    assert_eq!((found(&restored, "word").await, found(&restored, "late").await), (101, 1));
    assert_eq!(restored.integrity_check().await.expect("checked"), [""; 0]);
}

#[rstest]
#[case::no_folder("no/such/folder/copy.db")]
#[case::a_folder("")]
#[tokio::test]
async fn a_copy_that_cannot_be_made_leaves_nothing(#[case] path: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 1).await;
    let copies = tempfile::tempdir().expect("a folder");
    database.backup(&copies.path().join(path)).await.expect_err("no copy there");
    assert_eq!(std::fs::read_dir(copies.path()).expect("the folder").count(), 0);
}

#[tokio::test]
async fn numbers_are_what_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = with_messages(folder.path(), 30).await;
    let before = database.stats().await.expect("numbers");
    assert_eq!((before.projects, before.sessions, before.messages, before.search_lag), (1, 1, 30, 30));
    assert!(before.log_bytes > 0, "nothing was checkpointed yet");
    settle(&database).await;
    database.close().await.expect("closed");
    drop(database);
    let database = open(folder.path()).await;
    let after = database.stats().await.expect("numbers");
    assert_eq!((after.messages, after.search_lag), (30, 0));
    assert!(after.database_bytes >= before.database_bytes, "what was in the log is in the file");
}
