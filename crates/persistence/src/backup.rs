//! Copies of a database that is in use.

use std::io;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DbErr};
use thiserror::Error;

use crate::connection::{Purpose, connect};
use crate::private_file;
use crate::upsert::statement;

/// Why there is no copy. Nothing was left behind, and what was there before was not touched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The copy cannot be made there.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// Where the copy was to be.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The database could not be copied.
    #[error("cannot copy the database to {}: {source}", path.display())]
    Copy {
        /// Where the copy was to be.
        path: PathBuf,
        /// The adapter's error.
        source: switchboard_store::Cause,
    },
}

/// Copies the database at `file` as it is at one moment, log included, to `path`, which must not be there.
pub(crate) async fn backup(file: &Path, path: &Path) -> Result<(), BackupError> {
    let of_file = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => BackupError::File { path: path.to_owned(), source },
    };
    // Made here and not by SQLite, so that nobody else can ever read it and nothing is overwritten.
    let copy = private_file::create_new(path).map_err(of_file)?;
    let copied = vacuum_into(file, path)
        .await
        .map_err(|error| BackupError::Copy { path: path.to_owned(), source: error.into() });
    let safe = || {
        copy.sync_all()?;
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), private_file::sync_folder)
    };
    copied.and_then(|()| safe().map_err(of_file)).inspect_err(|_| {
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "half a backup stays behind");
        }
    })
}

/// On a connection of its own, so that no reader waits for it.
async fn vacuum_into(file: &Path, path: &Path) -> Result<(), DbErr> {
    let path = path.to_str().ok_or_else(|| DbErr::Custom("the path is not valid UTF-8".into()))?;
    let connection = connect(file, Purpose::InspectWithLog).await?;
    let copied = connection.execute_raw(statement("VACUUM INTO ?", vec![path.into()])).await;
    connection.close().await?;
    copied.map(|_| ())
}
