//! Folders that agents work in, what needs no question there, and settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::Project;
use utoipa::{IntoParams, ToSchema};

use crate::api::schema;

/// Adds the project of a folder; one that is there already is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddProject {
    /// The absolute path of the folder.
    #[schema(value_type = String)]
    pub path: PathBuf,
}

/// Gives a project another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameProject {
    /// The name.
    pub name: String,
}

/// A project and how much happened in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectView {
    /// The project itself.
    #[serde(flatten)]
    #[schema(value_type = schema::Project)]
    pub project: Project,
    /// How many sessions it has.
    pub sessions: usize,
}

/// A tool call that needs no question, such as `Bash(cargo test*)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RuleText {
    /// The rule.
    pub rule: String,
}

/// Sets a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Any JSON.
    pub value: Value,
}

/// All settings by name.
pub(crate) type Settings = BTreeMap<String, Value>;
