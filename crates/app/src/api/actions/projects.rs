//! Folders that agents work in.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::Project;

use crate::api::Api;
use crate::api::error::ApiError;
use crate::api::extract::Body;
use crate::api::wire::AddProject;

pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Vec<Project>> {
    Json(api.store().read(|state| state.projects().cloned().collect()))
}

pub(in crate::api) async fn add(
    State(api): State<Api>,
    Body(AddProject { path }): Body<AddProject>,
) -> Result<Json<Project>, ApiError> {
    let folder = folder(&path).await?;
    let store = api.store().clone();
    api.carry_out(async move { Ok(store.add_project(&folder)?.durable().await?) }).await.map(Json)
}

/// The one path of a folder that is there, whatever way it was written.
async fn folder(path: &Path) -> Result<PathBuf, ApiError> {
    let unusable = |why: String| {
        let message = format!("cannot use the folder {}: {why}", path.display());
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "no_such_folder", message)
    };
    if path.is_relative() {
        return Err(unusable("its path is not absolute".to_owned()));
    }
    let folder = tokio::fs::canonicalize(path).await.map_err(|error| unusable(error.to_string()))?;
    let is_folder = tokio::fs::metadata(&folder).await.is_ok_and(|it| it.is_dir());
    if is_folder { Ok(folder) } else { Err(unusable("it is no folder".to_owned())) }
}
