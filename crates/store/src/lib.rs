//! State in memory, answered at once; a database behind it, brought up to date by one writer.
//!
//! A [`Store`] is the single source of truth of a program that must show everything as it happens and
//! lose nothing of it. An *action* (`append_message`, `begin_turn`, `answer_approval` …) checks, then
//! makes [`Change`](switchboard_domain::Change)s, and under one lock applies them to the [`State`],
//! gives them their place in the order of everything, publishes them and marks what they made dirty.
//! It never waits for the disk. A task of its own, the writer, takes whatever is dirty and commits it
//! as one batch; while a commit is under way the next batch gathers, so batches grow with the load.
//!
//! ```
//! use std::path::Path;
//! use std::time::Duration;
//!
//! use switchboard_domain::{MessageBody, NewSession, Role, SessionId};
//! use switchboard_store::testing::MemoryPersistence;
//! use switchboard_store::{Store, StoreConfig};
//! use uuid::Uuid;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let database = MemoryPersistence::new();
//! let store = Store::start(database.clone(), StoreConfig::default());
//!
//! // In memory at once; on disk when the receipt says so.
//! let project = store.add_project(Path::new("/code/tool"))?.durable().await?;
//! let new = NewSession {
//!     id: SessionId::new(Uuid::now_v7()),
//!     project_id: project.id,
//!     agent: "builtin".into(),
//!     prompt: "Fix the build".into(),
//!     title: None,
//!     model: None,
//! };
//! let id = store.create_session(new).await?.session().id;
//!
//! // A snapshot, and every change after it.
//! let (snapshot, mut changes) = store.subscribe();
//! let mut mirror = (*snapshot).clone();
//! let receipt = store.append_message(id, MessageBody::text(Role::Assistant, "Done."))?;
//! mirror.apply(&changes.next().await?.change);
//! assert_eq!(mirror.session(id).map(|it| it.transcript().messages().len()), Some(1));
//!
//! let message = receipt.durable().await?;
//! assert_eq!(database.transcript(id), [message]);
//! store.close(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - **One order.** Memory, every [`Subscription`] and the disk see changes in the order of their
//!   revision. What is on disk is the state as it was at one revision, however and whenever the
//!   machine died; a transcript there is a prefix of the one in memory, without gaps.
//! - **A [`Receipt`] tells no lies.** [`Receipt::durable`] resolves when the commit has succeeded, and
//!   fails when it never will. What nobody waits for gets to disk all the same, with the next batch.
//! - **Trouble passes.** A commit that fails, hangs or does not say what became of it is tried again
//!   for as long as it takes, in the same order, and meanwhile everything goes on in memory; the
//!   [health](State::health) says so within a second. A row that the database can never take is found
//!   by halving its batch and set aside with [`Persistence::set_aside`]; the rest goes on.
//! - **Creating a session comes last.** [`Store::create_session`] is the one action that waits: the
//!   row is on disk before anybody sees the session, and a failure leaves no trace of it.
//! - **Streams are cheap.** Text that streams in costs a row each [`StoreConfig::checkpoint_every`],
//!   and a crash loses no more than that of it. The final message takes its place.
//! - **Memory has an end.** Past [`StoreConfig::unsaved_bytes_max`] of unsaved changes
//!   [`Store::ready`] makes agents wait; messages that are saved leave memory, and [`Store::messages`]
//!   reads on from the disk; a subscriber that stands still is told that it
//!   [lagged](SubscriptionError::Lagged) and takes a new snapshot.
//!
//! # What is not
//!
//! - Drafts are checkpoints: a crash may cut the end of unfinished text.
//! - A batch in which the database refuses a row is no longer written as one: a crash between its
//!   parts may leave a later row without an earlier one of another table.
//! - Revisions start again with each start; one of a former life means nothing.
//!
//! # Where things are
//!
//! [`Persistence`] is the port a database implements, with what is true after a crash in the doc of
//! each method. The module `testing` (feature `testing`) has a database in memory, one that fails as a test
//! says, and the contract every adapter must pass. The crate names no database, no agent protocol and
//! no front end.

mod actions;
mod backlog;
mod config;

mod locked;
mod outbox;
mod port;
mod pump;
mod reading;
mod receipt;
mod shared;
mod state;
mod store;
mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod watched;
mod writer;

pub use actions::{CreateError, HydrateError, Hydration, Leftover, TurnEnd};
pub use backlog::Published;
pub use config::{Clock, IdSource, StoreConfig, SystemClock, SystemIds};
pub use port::{
    Cause, CommitError, PAGE_MESSAGES_MAX, Page, Persistence, ReadError, SearchHit, SearchOrder, SearchQuery, Upkeep,
    Write,
};
pub use reading::MessagesError;
pub use receipt::{NotSaved, Receipt};
pub use state::{Orphans, Retelling, SessionState, State, Telling, Transcript};
pub use store::{CloseError, Refused, Store};
pub use subscription::{Subscription, SubscriptionError};
