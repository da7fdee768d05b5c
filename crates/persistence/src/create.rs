//! A new database, complete before it has its name.

use std::io;
use std::path::Path;

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::MigratorTrait;

use crate::connection::{Purpose, connect, one};
use crate::data_folder::remove_if_there;
use crate::inspect::{APPLICATION_ID, log_of};
use crate::migration::Migrator;
use crate::{DataFolder, OpenError, private_file};

/// Makes a database under another name and then renames it, so that what is found under the name is
/// always whole and bears our mark, whenever the machine died.
pub(crate) async fn create(folder: &DataFolder) -> Result<(), OpenError> {
    let of_folder = |source| OpenError::Folder { folder: folder.path().to_owned(), source };
    let file = folder.database();
    let unfinished = file.with_extension("db-new");
    clear_away(&unfinished).map_err(of_folder)?;
    private_file::create_new(&unfinished).map_err(of_folder)?;
    let made = make(&unfinished).await;
    made.map_err(|error| OpenError::Database { attempt: "make", file: file.clone(), source: error.into() })?;
    let name = || {
        std::fs::File::open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, &file)?;
        private_file::sync_folder(folder.path())
    };
    name().map_err(of_folder)
}

/// Closing the only connection brings the log into the file, so that the file alone is the database.
async fn make(file: &Path) -> Result<(), DbErr> {
    let connection = connect(file, Purpose::Write).await?;
    connection.execute_unprepared(&format!("PRAGMA application_id = {APPLICATION_ID}")).await?;
    Migrator::up(&connection, None).await?;
    one(&connection, "PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.close().await
}

/// What a crash left of an earlier attempt; it never had a name, so nothing was ever stored in it.
fn clear_away(unfinished: &Path) -> io::Result<()> {
    let index = unfinished.with_extension("db-new-shm");
    [unfinished, &log_of(unfinished), &index].into_iter().try_for_each(remove_if_there)
}
