//! Settings, by key.

use sea_orm::entity::prelude::*;

use crate::upsert::Upsert;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_settings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key: String,
    /// JSON.
    pub(crate) value: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::Key];
    const COLUMNS: &'static [Column] = &[Column::Key, Column::Value];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([self.key.into(), self.value.into()]);
    }
}
