//! Switchboard's persistence port on SQLite, with SeaORM.
//!
//! [`SqlitePersistence`] keeps everything in one file in a [`DataFolder`], which belongs to one
//! process at a time. It promises what [`Persistence`](switchboard_store::Persistence) promises, and:
//!
//! - **A batch is one transaction**, of few statements with many rows each; when
//!   [`commit`](switchboard_store::Persistence::commit) returns, it has been flushed to the disk.
//! - **A commit never waits for upkeep.** The search index and the write-ahead log are taken care of
//!   in bounded slices by [`maintain`](switchboard_store::Persistence::maintain), behind the writer.
//! - **Readers never wait for the writer**, nor it for them: they have connections of their own, which
//!   cannot write.
//! - **What is there is never replaced.** A file that is damaged, from a newer version, or of another
//!   program is refused with an [`OpenError`] and stays as it is, byte for byte.
//! - **Nobody else can read it**: files are 0600 in a folder that is 0700.
//!
//! ```
//! use switchboard_domain::{Project, ProjectId, Timestamp};
//! use switchboard_persistence::{DataFolder, OpenError, SqlitePersistence};
//! use switchboard_store::{Persistence, Write};
//! use uuid::Uuid;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let home = temporary.path().join("switchboard");
//! let database = SqlitePersistence::open(DataFolder::lock(&home)?).await?;
//! let project = Project {
//!     id: ProjectId::new(Uuid::now_v7()),
//!     path: "/code/app".into(),
//!     name: "app".into(),
//!     created_at: Timestamp::from_micros(1),
//!     deleted_at: None,
//! };
//! database.commit(&[Write::Project(project.clone())]).await?; // on disk from here on
//! assert_eq!(database.projects().await?, [project]);
//!
//! // The folder has one owner at a time, and a second one is told who that is.
//! assert!(matches!(DataFolder::lock(&home), Err(OpenError::Locked { .. })));
//! database.close().await?;
//! # Ok(())
//! # }
//! ```

mod backup;
mod connection;
mod create;
mod data_folder;
mod dead_letter;
mod entity;
mod failure;
mod inspect;
mod json;
mod migration;
mod open_error;
mod plan;
mod private_file;
mod read;
mod reader;
mod search;
mod sqlite;
mod stats;
mod upkeep;
mod upsert;
mod writer;

pub use backup::BackupError;
pub use data_folder::{DataFolder, Holder, Owner};
pub use open_error::OpenError;
pub use reader::SqliteReader;
pub use sqlite::SqlitePersistence;
pub use stats::Stats;
