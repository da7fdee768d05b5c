//! SQLite keeps the contract of the port.

use async_trait::async_trait;
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::Persistence;
use switchboard_store::testing::contract::Subject;
use tempfile::TempDir;

struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

#[async_trait]
impl Subject for Sqlite {
    async fn open(&self) -> Box<dyn Persistence> {
        let folder = DataFolder::lock(self.0.path()).expect("the folder is free");
        Box::new(SqlitePersistence::open(folder).await.expect("the database opens"))
    }
}

switchboard_store::persistence_contract!(Sqlite::new());
