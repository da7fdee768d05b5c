//! The tables, one file each, and the way of each row from and to the domain.

use sea_orm::DbErr;
use thiserror::Error;

pub(crate) mod agent_sessions;
pub(crate) mod app_settings;
pub(crate) mod approvals;
pub(crate) mod drafts;
pub(crate) mod messages;
pub(crate) mod projects;
pub(crate) mod queued_messages;

/// A value of the domain that the tables have no room for. It can never be written as it is.
#[derive(Debug, Error)]
pub(crate) enum Unstorable {
    #[error("the path {0} is not valid UTF-8")]
    Path(String),
    #[error("{0} is no place in a transcript")]
    Place(u64),
    #[error("a value has no JSON text: {0}")]
    Json(#[from] serde_json::Error),
}

/// A row that means nothing to this version: not written by it, or damaged.
pub(crate) fn unreadable(column: &'static str, reason: impl std::fmt::Display) -> DbErr {
    DbErr::Type(format!("column {column}: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sea_orm::sea_query::ColumnType;
    use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IdenStatic, Iterable};

    use super::*;
    use crate::upsert::statement;
    use crate::{DataFolder, SqlitePersistence};

    /// A column as both sides describe it: name, type, may be null, part of the key.
    type Described = (String, &'static str, bool, bool);

    async fn migrated(connection: &DatabaseConnection, table: &str) -> BTreeSet<Described> {
        let text = format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')");
        let rows = connection.query_all_raw(statement(text, Vec::new())).await.expect("the columns");
        let column = |row: &sea_orm::QueryResult| {
            let kind: String = row.try_get_by_index(1).expect("a type");
            let kind = ["BLOB", "TEXT", "INTEGER"].into_iter().find(|known| *known == kind).expect("a known type");
            let (not_null, key): (bool, i32) =
                (row.try_get_by_index(2).expect("a flag"), row.try_get_by_index(3).expect("a number"));
            (row.try_get_by_index(0).expect("a name"), kind, !not_null, key > 0)
        };
        rows.iter().map(column).collect()
    }

    fn declared<E: EntityTrait>() -> BTreeSet<Described> {
        let key: Vec<_> = E::PrimaryKey::iter().map(|key| key.as_str().to_owned()).collect();
        let column = |column: E::Column| {
            let definition = column.def();
            let kind = match definition.get_column_type() {
                ColumnType::Uuid => "BLOB",
                ColumnType::String(_) => "TEXT",
                ColumnType::BigInteger => "INTEGER",
                other => panic!("{} is of a type that no table has: {other:?}", column.as_str()),
            };
            let name = column.as_str().to_owned();
            (name.clone(), kind, definition.is_null(), key.contains(&name))
        };
        E::Column::iter().map(column).collect()
    }

    async fn check<E: EntityTrait + Default>(connection: &DatabaseConnection) {
        let table = sea_orm::EntityName::table_name(&E::default()).to_owned();
        assert_eq!(migrated(connection, &table).await, declared::<E>(), "the table {table} and its entity differ");
    }

    #[tokio::test]
    async fn entities_and_migrations_describe_the_same_tables() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::lock(folder.path()).expect("free");
        let file = folder.database();
        let _database = SqlitePersistence::open(folder).await.expect("a new database");
        let connection = crate::connection::connect(&file, crate::connection::Purpose::Read).await.expect("a reader");
        check::<projects::Entity>(&connection).await;
        check::<agent_sessions::Entity>(&connection).await;
        check::<messages::Entity>(&connection).await;
        check::<drafts::Entity>(&connection).await;
        check::<approvals::Entity>(&connection).await;
        check::<queued_messages::Entity>(&connection).await;
        check::<app_settings::Entity>(&connection).await;
    }
}
