//! The one connection that writes.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use switchboard_store::CommitError;

use crate::connection::{self, Purpose, connect};
use crate::{OpenError, failure};

/// The one connection that writes, made anew after a failure that it may not have survived.
///
/// When the disk is full or fails, SQLite may end a transaction by itself; the driver above it then
/// counts one that is not there and would never begin another. Such a connection is thrown away.
pub(crate) struct Writer {
    file: PathBuf,
    connection: Mutex<Option<DatabaseConnection>>,
}

impl Writer {
    /// Connects, and checks that every setting took.
    pub(crate) async fn open(file: PathBuf) -> Result<Self, OpenError> {
        let failed = |error: DbErr| OpenError::Database { attempt: "open", file: file.clone(), source: error.into() };
        let connection = connect(&file, Purpose::Write).await.map_err(failed)?;
        connection::verify(&connection, &file).await?;
        Ok(Self { file, connection: Mutex::new(Some(connection)) })
    }

    /// The connection, for what is no transaction.
    pub(crate) async fn connection(&self) -> Result<DatabaseConnection, DbErr> {
        let current = self.current().clone();
        if let Some(connection) = current {
            return Ok(connection);
        }
        let connection = connect(&self.file, Purpose::Write).await?;
        connection::verify(&connection, &self.file).await.map_err(|error| DbErr::Custom(error.to_string()))?;
        *self.current() = Some(connection.clone());
        Ok(connection)
    }

    /// Does `work` in one transaction that has the right to write from its start.
    ///
    /// A call that is dropped half way leaves nothing behind.
    pub(crate) async fn transaction<T>(
        &self,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<T, CommitError> {
        let connection = self.connection().await.map_err(failure::before_commit)?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = connection.begin_with_options(options).await.map_err(failure::before_commit)?;
        match work(&transaction).await {
            Ok(value) => match transaction.commit().await {
                Ok(()) => Ok(value),
                Err(error) => {
                    self.discard(connection).await;
                    Err(failure::at_commit(error))
                }
            },
            Err(error) => {
                if transaction.rollback().await.is_err() {
                    self.discard(connection).await;
                }
                Err(failure::before_commit(error))
            }
        }
    }

    /// Lets go of the connection for good.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        let connection = self.current().take();
        match connection {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }

    async fn discard(&self, connection: DatabaseConnection) {
        *self.current() = None;
        if let Err(error) = connection.close().await {
            tracing::warn!(%error, "a broken database connection did not close");
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<DatabaseConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
