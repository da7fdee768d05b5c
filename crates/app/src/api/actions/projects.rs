//! Folders that agents work in.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use switchboard_domain::{Project, ProjectId};

use crate::api::error::ApiError;
use crate::api::extract::{At, Body};
use crate::api::wire::{AddProject, ProjectView, RenameProject};
use crate::api::{Api, schema};

/// List projects, removed ones too, oldest first
#[utoipa::path(get, path = "/projects", tag = "projects", responses((status = 200, body = Vec<ProjectView>)))]
pub(in crate::api) async fn list(State(api): State<Api>) -> Json<Vec<ProjectView>> {
    let state = api.store().snapshot();
    let sessions = |id| state.sessions().filter(|it| it.session().project_id == id).count();
    let view = |project: &Project| ProjectView { sessions: sessions(project.id), project: project.clone() };
    Json(state.projects().map(view).collect())
}

/// Add the project of a folder; one that is there already is given back
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = AddProject,
    responses((status = 200, body = schema::Project)))]
pub(in crate::api) async fn add(
    State(api): State<Api>,
    Body(AddProject { path }): Body<AddProject>,
) -> Result<Json<Project>, ApiError> {
    let folder = folder(&path).await?;
    let store = api.store().clone();
    api.saved(async move { store.add_project(&folder) }).await.map(Json)
}

/// Give a project another name
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)),
    request_body = RenameProject, responses((status = 204)))]
pub(in crate::api) async fn rename(
    State(api): State<Api>,
    At(id): At<ProjectId>,
    Body(RenameProject { name }): Body<RenameProject>,
) -> Result<StatusCode, ApiError> {
    let store = api.store().clone();
    api.saved(async move { store.rename_project(id, &name) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a project off the list; its sessions and its files stay
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub(in crate::api) async fn remove(State(api): State<Api>, At(id): At<ProjectId>) -> Result<StatusCode, ApiError> {
    let store = api.store().clone();
    api.saved(async move { store.remove_project(id) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The one path of a folder that is there, whatever way it was written.
async fn folder(path: &Path) -> Result<PathBuf, ApiError> {
    let unusable =
        |why: String| ApiError::invalid("no_such_folder", format!("cannot use the folder {}: {why}", path.display()));
    if path.is_relative() {
        return Err(unusable("its path is not absolute".to_owned()));
    }
    let folder = tokio::fs::canonicalize(path).await.map_err(|error| unusable(error.to_string()))?;
    let is_folder = tokio::fs::metadata(&folder).await.is_ok_and(|it| it.is_dir());
    if is_folder { Ok(folder) } else { Err(unusable("it is no folder".to_owned())) }
}
