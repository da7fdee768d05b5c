//! Work for tests and benchmarks of the store: sessions, and messages of a usual size.

use std::path::Path;
use std::time::Duration;

use switchboard_domain::{MessageBody, NewSession, ProjectId, Role, SessionId};
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::{IdSource, Store, StoreConfig, SystemIds};

use crate::{Contents, eventually};

/// What an agent says at a time, on average.
pub const MESSAGE_BYTES: usize = 500;

/// Longer than any machine takes to save what a test has made.
const PATIENCE: Duration = Duration::from_mins(1);

/// A store on the real database in `folder`.
///
/// # Panics
/// When the folder stays taken, or its database cannot be opened.
pub async fn open(folder: &Path) -> Store {
    open_with(folder, StoreConfig::default()).await
}

/// [`open`], told otherwise.
///
/// # Panics
/// As [`open`].
pub async fn open_with(folder: &Path, config: StoreConfig) -> Store {
    Store::start(database(folder).await, config)
}

/// The real database in `folder`, as soon as the folder is free: a store lets go of it a moment after it
/// has said that it is closed.
///
/// # Panics
/// As [`open`].
pub async fn database(folder: &Path) -> SqlitePersistence {
    let folder = eventually("the data folder to be free", || DataFolder::lock(folder).ok());
    SqlitePersistence::open(folder).await.expect("the database can be opened")
}

/// Saves everything and lets go of the folder.
///
/// # Panics
/// When the disk does not take everything in time.
pub async fn close(store: Store) {
    store.close(PATIENCE).await.expect("the disk takes everything");
}

/// [`close`], and what is on disk then. `store` must be the last handle.
///
/// # Panics
/// As [`close`].
pub async fn close_and_read(store: Store, folder: &Path) -> Contents {
    close(store).await;
    Contents::read(folder).await
}

/// A project to put sessions into.
///
/// # Panics
/// When the store refuses, which it has no reason to.
pub fn project(store: &Store) -> ProjectId {
    store.add_project(Path::new("/project")).expect("a new project").into_value().id
}

/// A session to create.
pub fn new_session(project_id: ProjectId) -> NewSession {
    NewSession {
        id: SessionId::new(SystemIds.next_id()),
        project_id,
        agent: "builtin".to_owned(),
        prompt: "work".to_owned(),
        title: None,
        model: None,
    }
}

/// Sessions that run.
///
/// # Panics
/// When one cannot be saved.
pub async fn sessions(store: &Store, count: usize) -> Vec<SessionId> {
    let project_id = project(store);
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        let created = store.create_session(new_session(project_id)).await;
        ids.push(created.expect("it can be saved").session().id);
    }
    ids
}

/// A message of the usual size that says which one it is.
pub fn message(number: u64) -> MessageBody {
    let words = format!("message number {number} ");
    let filler = "of words that nobody has to read ".chars().cycle();
    MessageBody::text(Role::Assistant, words.chars().chain(filler).take(MESSAGE_BYTES).collect::<String>())
}
