//! Adding, renaming and removing projects.

use std::path::Path;

use switchboard_domain::{Change, Project, ProjectId};

use crate::receipt::Receipt;
use crate::store::{Refused, Store};

impl Store {
    /// The project of the folder at `path`, which must be absolute: the one that is there, a removed
    /// one brought back, or a new one named after the folder.
    ///
    /// # Errors
    /// Never at present; adding a folder twice is fine.
    pub fn add_project(&self, path: &Path) -> Result<Receipt<Project>, Refused> {
        self.act(None, |core| {
            let known = core.state().projects().find(|project| project.path == path).cloned();
            let project = match known {
                Some(project) if project.deleted_at.is_none() => return Ok(project),
                Some(removed) => Project { deleted_at: None, ..removed },
                None => self.new_project(path),
            };
            core.push(Change::ProjectAdded(project.clone()));
            Ok(project)
        })
    }

    fn new_project(&self, path: &Path) -> Project {
        let id = ProjectId::new(self.shared.config.ids.next_id());
        let (name, created_at) = (folder_name(path), self.shared.now());
        Project { id, path: path.into(), name, created_at, deleted_at: None }
    }

    /// Gives a project another name.
    ///
    /// # Errors
    /// [`Refused::ProjectNotFound`], [`Refused::NameEmpty`].
    pub fn rename_project(&self, id: ProjectId, name: &str) -> Result<Receipt<()>, Refused> {
        let name = name.trim();
        self.act(None, |core| {
            core.state().project(id).filter(|it| it.deleted_at.is_none()).ok_or(Refused::ProjectNotFound)?;
            if name.is_empty() {
                return Err(Refused::NameEmpty);
            }
            core.push(Change::ProjectRenamed { project_id: id, name: name.to_owned() });
            Ok(())
        })
    }

    /// Removes a project from the list; its sessions keep their history.
    ///
    /// # Errors
    /// [`Refused::ProjectNotFound`].
    pub fn remove_project(&self, id: ProjectId) -> Result<Receipt<()>, Refused> {
        let at = self.shared.now();
        self.act(None, |core| {
            core.state().project(id).filter(|it| it.deleted_at.is_none()).ok_or(Refused::ProjectNotFound)?;
            core.push(Change::ProjectRemoved { project_id: id, at });
            Ok(())
        })
    }
}

fn folder_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
