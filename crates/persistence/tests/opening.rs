//! What is found in a data folder is opened or refused, and never replaced.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rstest::rstest;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use switchboard_persistence::{DataFolder, OpenError, SqlitePersistence};
use switchboard_store::testing::sample;
use switchboard_store::{Persistence, Write};
use tempfile::TempDir;

const DATABASE: &str = "switchboard.db";
const LOG: &str = "switchboard.db-wal";

async fn open(folder: &Path) -> Result<SqlitePersistence, OpenError> {
    SqlitePersistence::open(DataFolder::lock(folder)?).await
}

/// Another program's connection to a file.
async fn connect(file: &Path) -> DatabaseConnection {
    Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.expect("a connection")
}

/// A folder with a database that has some rows and was closed.
async fn used_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await.expect("a new database");
    let mut rows = vec![Write::Project(sample::project(1)), Write::Session(Box::new(sample::session(1, 1)))];
    rows.extend((1..=200).map(|seq| Write::Message(sample::message(1, seq).into())));
    database.commit(&rows).await.expect("committed");
    database.close().await.expect("closed");
    folder
}

/// Every file but the lock and SQLite's index of the log, which carries nothing.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry"));
    let named = files.map(|entry| (entry.file_name().into_string().expect("a name"), entry.path()));
    named
        .filter(|(name, _)| name != "switchboard.lock" && !name.ends_with("-shm"))
        .map(|(name, path)| (name, fs::read(path).expect("the file")))
        .collect()
}

/// Opening is refused with `wanted`, twice, and nothing changes.
async fn check_refused(folder: &Path, wanted: &str) {
    let before = contents(folder);
    for _ in 0..2 {
        let Err(error) = open(folder).await else { panic!("it should be refused as {wanted}") };
        let debug = format!("{error:?}");
        assert!(debug.starts_with(wanted), "refused as {debug} instead of {wanted}");
        assert!(error.to_string().contains(DATABASE), "the message names the file: {error}");
        assert!(contents(folder) == before, "a refused file was changed");
    }
}

#[rstest]
#[case::empty(b"", "NotADatabase")]
#[case::text(b"{\"sessions\": []}", "NotADatabase")]
#[case::almost(b"SQLite format 4\0", "NotADatabase")]
#[case::cut_off(b"SQLite format 3\0 and no more", "Corrupt")]
#[tokio::test]
async fn what_is_no_database_is_refused_and_stays(#[case] bytes: &[u8], #[case] wanted: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(DATABASE), bytes).expect("written");
    check_refused(folder.path(), wanted).await;
}

#[rstest]
#[case::without_tables("PRAGMA user_version = 7")]
#[case::with_tables("CREATE TABLE messages (id INTEGER); CREATE TABLE projects (id INTEGER)")]
#[tokio::test]
async fn a_database_of_another_program_is_refused_and_stays(#[case] setup: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let foreign = connect(&folder.path().join(DATABASE)).await;
    foreign.execute_unprepared(setup).await.expect("set up");
    foreign.close().await.expect("closed");
    check_refused(folder.path(), "Foreign").await;
}

const FUTURE: &str = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_future', 0)";

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_stays() {
    let folder = used_folder().await;
    let newer = connect(&folder.path().join(DATABASE)).await;
    newer.execute_unprepared(FUTURE).await.expect("changed");
    newer.close().await.expect("closed");
    check_refused(folder.path(), "Newer").await;
}

#[tokio::test]
async fn a_newer_version_that_is_only_in_the_log_is_seen_too() {
    let folder = used_folder().await;
    let newer = connect(&folder.path().join(DATABASE)).await;
    newer.execute_unprepared(FUTURE).await.expect("changed");
    let crashed = tempfile::tempdir().expect("a folder");
    for name in [DATABASE, LOG] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).expect("copied");
    }
    newer.close().await.expect("closed");
    check_refused(crashed.path(), "Newer").await;
}

#[rstest]
#[case::cut_short(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2))]
#[case::one_page_only(|bytes: &mut Vec<u8>| bytes.truncate(4096))]
#[case::scrambled_after_the_header(|bytes: &mut Vec<u8>| bytes[100..].iter_mut().for_each(|byte| *byte ^= 0x5a))]
#[case::zeroed_after_the_header(|bytes: &mut Vec<u8>| bytes[100..].fill(0))]
#[tokio::test]
async fn a_damaged_database_is_refused_and_stays(#[case] damage: fn(&mut Vec<u8>)) {
    let folder = used_folder().await;
    let file = folder.path().join(DATABASE);
    let mut bytes = fs::read(&file).expect("read");
    damage(&mut bytes);
    fs::write(&file, bytes).expect("written");
    check_refused(folder.path(), "Corrupt").await;
}

#[tokio::test]
async fn a_log_whose_database_is_gone_is_no_reason_to_start_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(LOG), "what is left").expect("written");
    check_refused(folder.path(), "Corrupt").await;
}

#[tokio::test]
async fn what_a_crash_left_while_making_a_database_is_cleared_away() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["switchboard.db-new", "switchboard.db-new-wal", "switchboard.db-new-shm"] {
        fs::write(folder.path().join(name), "half").expect("written");
    }
    let database = open(folder.path()).await.expect("a new database");
    database.close().await.expect("closed");
    assert_eq!(contents(folder.path()).into_keys().collect::<Vec<_>>(), [DATABASE]);
}

#[tokio::test]
async fn a_crash_leaves_the_log_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await.expect("a new database");
    database.commit(&[Write::Project(sample::project(1))]).await.expect("committed");
    let crashed = tempfile::tempdir().expect("a folder");
    for name in [DATABASE, LOG] {
        fs::copy(folder.path().join(name), crashed.path().join(name)).expect("copied");
    }
    let database = open(crashed.path()).await.expect("the crashed database");
    assert_eq!(database.projects().await.expect("projects"), [sample::project(1)]);
}

#[tokio::test]
async fn the_second_to_open_is_told_who_has_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path()).await.expect("a new database");
    let Err(OpenError::Locked { holder: Some(holder), .. }) = open(folder.path()).await else {
        panic!("the folder is in use");
    };
    assert_eq!(holder.pid, std::process::id());
    first.commit(&[Write::Project(sample::project(1))]).await.expect("the first is not disturbed");
    drop(first);
    open(folder.path()).await.expect("free again");
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_is_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().join("home");
    let database = open(&folder).await.expect("a new database");
    let project = Write::Project(sample::project(1));
    database.commit(std::slice::from_ref(&project)).await.expect("committed");
    database.set_aside(&project, "because").await.expect("set aside");
    database.backup(&folder.join("copy.db")).await.expect("copied");
    let mut seen = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen.push(entry.file_name());
    }
    assert!(seen.len() >= 6, "the database, its log and index, the lock, a dead letter, a copy: {seen:?}");
    assert_eq!(fs::metadata(&folder).expect("there").permissions().mode() & 0o777, 0o700);
}
