//! The database under real faults: a full disk, a lock held by another program, a call that is dropped.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rstest::rstest;
use sea_orm::{ConnectionTrait, Database};
use switchboard_domain::Seq;
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::testing::sample;
use switchboard_store::{CommitError, Page, Persistence, Write};

async fn open(folder: &Path) -> SqlitePersistence {
    let database = SqlitePersistence::open(DataFolder::lock(folder).expect("free")).await.expect("opens");
    let rows = [Write::Project(sample::project(1)), Write::Session(Box::new(sample::session(1, 1)))];
    database.commit(&rows).await.expect("committed");
    database
}

fn message(seq: u32) -> Write {
    Write::Message(sample::message(1, seq).into())
}

async fn places(database: &SqlitePersistence) -> Vec<u64> {
    let page = database.messages(sample::session_id(1), Page::After(Seq::ZERO), 1_000).await.expect("messages");
    page.iter().map(|message| message.seq.get()).collect()
}

/// A file system of a few megabytes, gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, said loudly, where mounting is not allowed.
    #[expect(clippy::print_stderr, reason = "a test that tests nothing must not look like one that passed")]
    fn mount(path: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&path).expect("a folder");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&path).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(path)),
            Ok(output) => {
                eprintln!("SKIPPED, NOT TESTED: mount says {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("SKIPPED, NOT TESTED: mount cannot be run: {error}");
                None
            }
        }
    }

    /// Fills what is left of it.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("ballast");
        let mut ballast = File::create(&path).expect("a file");
        while ballast.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the database's threads may still be closing their files.
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "cannot unmount {}", self.0.display());
    }
}

#[tokio::test]
async fn a_full_disk_writes_nothing_and_the_same_batch_goes_through_later() {
    let temporary = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(temporary.path().join("disk"), "size=8m") else { return };
    let database = open(&disk.0.join("home")).await;
    let large = |seq| Write::Message(sample::text(1, seq, &"x".repeat(100_000)).into());
    let mut seq = 0;
    for _ in 0..3 {
        seq += 1;
        database.commit(&[large(seq)]).await.expect("there is room");
        let ballast = disk.fill();
        let before = places(&database).await;
        let batch: Vec<_> = (seq + 1..=seq + 20).map(large).collect();
        for _ in 0..3 {
            let error = database.commit(&batch).await.expect_err("the disk is full");
            assert!(matches!(error, CommitError::NotWritten { .. }), "{error:?}");
            assert!(error.reason().contains("full"), "{error}");
            assert_eq!(places(&database).await, before, "nothing is there, and reading works");
        }
        assert!(database.set_aside(&large(99), "because").await.is_err(), "no room for a dead letter either");
        fs::remove_file(ballast).expect("room again");
        database.commit(&batch[..2]).await.expect("the same connection goes on");
        seq += 2;
        assert_eq!(places(&database).await, (1..=u64::from(seq)).collect::<Vec<_>>());
        database.set_aside(&message(99), "because").await.expect("set aside");
    }
    let letters = fs::read_to_string(database.folder().dead_letters()).expect("the dead letters");
    assert_eq!(letters.lines().count(), 3, "those that failed left no half a line");
    assert_eq!(database.integrity_check().await.expect("checked"), [""; 0]);
    database.close().await.expect("closed");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named() {
    let temporary = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(temporary.path().join("disk"), "size=1m,ro") else { return };
    for folder in [disk.0.clone(), disk.0.join("home")] {
        let error = DataFolder::lock(&folder).expect_err("read only");
        assert!(error.to_string().contains("Read-only"), "{error}");
    }
}

#[rstest]
#[case::by_a_writer("BEGIN IMMEDIATE")]
#[case::by_a_writer_that_wrote("BEGIN IMMEDIATE; UPDATE projects SET name = 'another'")]
#[tokio::test]
async fn a_database_held_by_another_program_is_not_written_and_goes_on_later(#[case] hold: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await;
    let url = format!("sqlite://{}", database.folder().database().display());
    let other = Database::connect(url).await.expect("another program");
    for round in 0..3 {
        other.execute_unprepared(hold).await.expect("held");
        let start = std::time::Instant::now();
        let error = database.commit(&[message(round + 1)]).await.expect_err("held by the other");
        assert!(matches!(error, CommitError::NotWritten { .. }), "{error:?}");
        assert!(error.reason().contains("locked"), "{error}");
        assert!(start.elapsed().as_secs_f64() < 0.9, "health is to be known within a second");
        assert!(database.maintain().await.is_err(), "upkeep needs to write too");
        assert_eq!(places(&database).await.len(), usize::try_from(round).expect("small"), "reading goes on");
        other.execute_unprepared("ROLLBACK").await.expect("released");
        database.commit(&[message(round + 1)]).await.expect("free again");
    }
}

#[tokio::test]
async fn a_reader_does_not_hold_up_the_writer_nor_see_what_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await;
    let url = format!("sqlite://{}", database.folder().database().display());
    let reader = Database::connect(url).await.expect("another program");
    reader.execute_unprepared("BEGIN; SELECT count(*) FROM messages").await.expect("reading");
    for seq in 1..=50 {
        database.commit(&[message(seq)]).await.expect("committed beside the reader");
    }
    while database.maintain().await.expect("upkeep beside the reader") == switchboard_store::Upkeep::More {}
    reader.execute_unprepared("ROLLBACK").await.expect("done");
    assert_eq!(places(&database).await.len(), 50);
}

#[tokio::test]
async fn a_commit_that_is_dropped_half_way_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await;
    let batch: Vec<_> = (1..=500).map(message).collect();
    for polls in 0..40 {
        let mut commit = database.commit(&batch);
        for _ in 0..polls {
            if std::future::poll_fn(|context| std::task::Poll::Ready(commit.as_mut().poll(context))).await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let seen = places(&database).await.len();
        assert!(seen == 0 || seen == batch.len(), "{seen} of {} messages", batch.len());
        database.commit(&[Write::ClearSession(sample::session_id(1))]).await.expect("the next one goes through");
        assert_eq!(places(&database).await.len(), 0, "nothing comes after it");
    }
}

#[tokio::test]
async fn the_log_stays_bounded_under_steady_commits() {
    const MIB: u64 = 1024 * 1024;
    for (upkeep, bound) in [(true, 24 * MIB), (false, 72 * MIB)] {
        let folder = tempfile::tempdir().expect("a folder");
        let database = open(folder.path()).await;
        let mut largest = 0;
        for seq in 1..=160 {
            let large = sample::text(1, seq, &"0123456789abcdef".repeat(65_536));
            database
                .commit(&[Write::Message(large.into()), Write::ClearSession(sample::session_id(1))])
                .await
                .expect("committed");
            if upkeep {
                let _ = database.maintain().await.expect("upkeep");
            }
            let log = fs::metadata(folder.path().join("switchboard.db-wal")).expect("the log").len();
            largest = largest.max(log);
        }
        assert!(largest < bound, "the log grew to {largest} bytes (with upkeep: {upkeep})");
        database.close().await.expect("closed");
        assert!(!folder.path().join("switchboard.db-wal").exists(), "closing leaves no log");
    }
}

#[tokio::test]
async fn what_is_refused_can_be_found_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = open(folder.path()).await;
    let refused = Write::Message(sample::message(9, 1).into());
    let error = database.commit(std::slice::from_ref(&refused)).await.expect_err("no such session");
    assert!(matches!(error, CommitError::Refused { .. }), "{error:?}");
    database.set_aside(&refused, error.reason()).await.expect("set aside");
    let line = fs::read_to_string(folder.path().join("dead-letters.jsonl")).expect("the file");
    let value: serde_json::Value = serde_json::from_str(&line).expect("one line of JSON");
    assert_eq!(value["reason"], "FOREIGN KEY constraint failed");
    assert_eq!(serde_json::from_value::<Write>(value).expect("the write"), refused);
}
