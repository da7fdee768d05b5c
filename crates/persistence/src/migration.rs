//! How the tables come to be. Migrations are only ever added; one that was released never changes.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod m20261123_000001_tables;
mod m20261123_000002_search;
mod m20261125_000003_session_usage;

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_tables::Migration),
            Box::new(m20261123_000002_search::Migration),
            Box::new(m20261125_000003_session_usage::Migration),
        ]
    }
}
