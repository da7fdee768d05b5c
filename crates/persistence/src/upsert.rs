//! Many rows in few statements.
//!
//! The price of a write is per statement, not per row, and preparing a statement costs about as much
//! as running it. So rows go out in chunks of a few fixed sizes, whose texts are always the same and
//! are prepared once per connection.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityName, EntityTrait, IdenStatic, Statement, Value, Values};

/// Rows per statement, largest first. The largest times the widest table (16 columns) stays far
/// below SQLite's 32,766 variables; past it a statement gains nothing.
const CHUNK_ROWS: [usize; 5] = [256, 64, 16, 4, 1];

/// A row that is inserted, or replaces the one with the same key.
pub(crate) trait Upsert: Sized {
    /// Its table.
    type Entity: EntityTrait;
    /// The columns that identify it.
    const KEY: &'static [<Self::Entity as EntityTrait>::Column];
    /// All columns that are written.
    const COLUMNS: &'static [<Self::Entity as EntityTrait>::Column];

    /// Appends a value for each of [`COLUMNS`](Self::COLUMNS), in that order.
    fn push_values(self, values: &mut Vec<Value>);
}

/// Writes all rows, in order.
pub(crate) async fn upsert<R, C>(connection: &C, rows: Vec<R>) -> Result<(), DbErr>
where
    R: Upsert + Send,
    <R::Entity as EntityTrait>::Column: Sync,
    R::Entity: Default,
    C: ConnectionTrait,
{
    let mut rows = rows.into_iter();
    for count in chunks(rows.len()) {
        let mut values = Vec::with_capacity(count * R::COLUMNS.len());
        rows.by_ref().take(count).for_each(|row| row.push_values(&mut values));
        connection.execute_raw(statement(text::<R>(count), values)).await?;
    }
    Ok(())
}

/// Removes the rows with these keys.
pub(crate) async fn delete<E, C>(connection: &C, key: E::Column, keys: Vec<Value>) -> Result<(), DbErr>
where
    E: EntityTrait + Default,
    C: ConnectionTrait,
{
    let mut keys = keys.into_iter();
    for count in chunks(keys.len()) {
        let marks = placeholders(count);
        let text = format!("DELETE FROM {} WHERE {} IN ({marks})", E::default().table_name(), quoted(key));
        connection.execute_raw(statement(text, keys.by_ref().take(count).collect())).await?;
    }
    Ok(())
}

pub(crate) fn statement(text: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement { sql: text.into(), values: Some(Values(values)), db_backend: DbBackend::Sqlite }
}

/// How `count` rows are cut: the largest chunks first.
fn chunks(count: usize) -> impl Iterator<Item = usize> {
    CHUNK_ROWS
        .into_iter()
        .scan(count, |left, rows| {
            let times = *left / rows;
            *left %= rows;
            Some(std::iter::repeat_n(rows, times))
        })
        .flatten()
}

fn text<R: Upsert>(rows: usize) -> String
where
    R::Entity: Default,
{
    let row = format!("({})", placeholders(R::COLUMNS.len()));
    let values = vec![row.as_str(); rows].join(", ");
    let is_key = |column: &str| R::KEY.iter().any(|key| key.as_str() == column);
    let replaced: Vec<_> = R::COLUMNS
        .iter()
        .filter(|column| !is_key(column.as_str()))
        .map(|column| format!("{0} = excluded.{0}", quoted(*column)))
        .collect();
    format!(
        "INSERT INTO {} ({}) VALUES {values} ON CONFLICT ({}) DO UPDATE SET {}",
        R::Entity::default().table_name(),
        list(R::COLUMNS),
        list(R::KEY),
        replaced.join(", ")
    )
}

fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn list<C: IdenStatic>(columns: &[C]) -> String {
    columns.iter().map(|column| quoted(*column)).collect::<Vec<_>>().join(", ")
}

fn quoted(column: impl IdenStatic) -> String {
    format!("\"{}\"", column.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entity::{app_settings, approvals};

    #[test]
    fn the_text_names_columns_keys_and_what_is_replaced() {
        assert_eq!(
            text::<app_settings::Model>(2),
            "INSERT INTO app_settings (\"key\", \"value\") VALUES (?, ?), (?, ?) \
             ON CONFLICT (\"key\") DO UPDATE SET \"value\" = excluded.\"value\""
        );
        let two_keys = text::<approvals::Model>(1);
        assert!(two_keys.contains("ON CONFLICT (\"session_id\", \"request_id\") DO UPDATE SET \"tool_name\" ="));
    }

    proptest! {
        #[test]
        fn chunks_cover_every_row_once(count in 0_usize..5_000) {
            prop_assert_eq!(chunks(count).sum::<usize>(), count);
            prop_assert!(chunks(count).is_sorted_by(|larger, smaller| larger >= smaller));
        }
    }
}
