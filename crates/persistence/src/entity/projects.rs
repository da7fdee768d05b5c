//! Folders that agents work in.

use sea_orm::entity::prelude::*;
use switchboard_domain::{Project, ProjectId, Timestamp};

use super::Unstorable;
use crate::upsert::Upsert;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projects")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    #[sea_orm(unique)]
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) created_at: i64,
    pub(crate) deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Project> for Model {
    type Error = Unstorable;

    fn try_from(project: &Project) -> Result<Self, Unstorable> {
        let path = project.path.to_str().ok_or_else(|| Unstorable::Path(project.path.display().to_string()))?;
        Ok(Self {
            id: project.id.uuid(),
            path: path.to_owned(),
            name: project.name.clone(),
            created_at: project.created_at.as_micros(),
            deleted_at: project.deleted_at.map(Timestamp::as_micros),
        })
    }
}

impl From<Model> for Project {
    fn from(row: Model) -> Self {
        Self {
            id: ProjectId::new(row.id),
            path: row.path.into(),
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
            deleted_at: row.deleted_at.map(Timestamp::from_micros),
        }
    }
}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::Id];
    const COLUMNS: &'static [Column] = &[Column::Id, Column::Path, Column::Name, Column::CreatedAt, Column::DeletedAt];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([
            self.id.into(),
            self.path.into(),
            self.name.into(),
            self.created_at.into(),
            self.deleted_at.into(),
        ]);
    }
}
