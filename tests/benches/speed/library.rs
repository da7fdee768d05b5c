//! Databases as people have them after months and after years.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use switchboard_domain::{Message, MessageId, Project, ProjectId, Seq, Session, SessionId, Timestamp};
use switchboard_store::{IdSource, Persistence, SystemIds, Upkeep, Write};
use switchboard_tests::workload;
use tempfile::TempDir;

/// In one message of a hundred thousand.
pub(crate) const RARE: &str = "chrysanthemum";
/// In every message of one session in sixteen.
pub(crate) const COMMON: &str = "refactoring";

/// Messages of each session, but for the long one.
const MESSAGES_EACH: u64 = 100;
/// Rows in one batch while a database is filled.
const BATCH: usize = 2_000;

/// A filled database that nobody has open.
pub(crate) struct Library {
    folder: TempDir,
    /// How many sessions it has.
    pub(crate) sessions: u64,
    /// The session that has more messages than the others.
    pub(crate) long: SessionId,
}

impl Library {
    /// So many sessions with a hundred messages each, but one with `messages_of_the_long`.
    pub(crate) async fn fill(sessions: u64, messages_of_the_long: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = workload::database(folder.path()).await;
        let project = project();
        let mut batch = vec![Write::Project(project.clone())];
        let mut long = SessionId::new(SystemIds.next_id());
        for number in 0..sessions {
            let session = Session::create(workload::new_session(project.id), Timestamp::from_micros(1));
            let id = session.id;
            batch.push(Write::Session(Box::new(session)));
            let is_long = number == sessions / 2;
            long = if is_long { id } else { long };
            for seq in 1..=if is_long { messages_of_the_long } else { MESSAGES_EACH } {
                batch.push(Write::Message(Arc::new(message(id, number, seq))));
                if batch.len() >= BATCH {
                    database.commit(&std::mem::take(&mut batch)).await.expect("the disk takes it");
                }
            }
        }
        database.commit(&batch).await.expect("the disk takes it");
        while database.maintain().await.expect("it can be indexed") == Upkeep::More {}
        database.close().await.expect("it closes");
        Self { folder, sessions, long }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database itself.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("switchboard.db")
    }

    /// How many messages it has, but for those that the long session has more than others.
    pub(crate) const fn messages(&self) -> u64 {
        self.sessions * MESSAGES_EACH
    }
}

fn project() -> Project {
    Project {
        id: ProjectId::new(SystemIds.next_id()),
        path: "/project".into(),
        name: "project".to_owned(),
        created_at: Timestamp::from_micros(1),
        deleted_at: None,
    }
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
    Message { id: MessageId::new(SystemIds.next_id()), session_id, seq: Seq::new(seq), body, created_at }
}
