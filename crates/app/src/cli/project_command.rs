//! `switchboard project`, and what other commands need to know about folders.

use std::path::{Path, PathBuf};

use switchboard_domain::Project;

use super::args::{ProjectAddArgs, ProjectListArgs, ProjectRemoveArgs};
use super::catalog::Catalog;
use super::link::Link;
use super::views::ProjectView;
use super::{ExitCode, Failure, Output};
use crate::terminal::{Align, Cell, Column, Style, Table, age, single_line};

/// The one path of a folder, whatever way it was typed.
///
/// # Errors
/// When there is no such folder.
pub(super) fn folder(dir: &Path) -> Result<PathBuf, Failure> {
    let cannot =
        |why: String| Failure::new(ExitCode::NotFound, format!("cannot use the folder {}: {why}", dir.display()));
    let folder = dir.canonicalize().map_err(|error| cannot(error.to_string()))?;
    if folder.is_dir() { Ok(folder) } else { Err(cannot("it is a file".to_owned())) }
}

/// `switchboard project add`
pub(super) async fn add(args: &ProjectAddArgs, link: &Link, output: &mut Output) -> Result<(), Failure> {
    let client = link.client();
    let mut project = client.add_project(&folder(&args.dir)?).await?;
    if let Some(name) = &args.name {
        client.rename_project(project.id, name).await?;
        project.name.clone_from(name);
    }
    if args.json.json {
        let all = client.projects().await?;
        let added = all.iter().find(|view| view.project.id == project.id);
        return added.map_or(Ok(()), |added| output.json(added));
    }
    output.remark(&format!("{}  {}", single_line(&project.name), single_line(&project.path.to_string_lossy())));
    Ok(())
}

/// `switchboard project rm`
pub(super) async fn rm(args: &ProjectRemoveArgs, link: &Link, output: &mut Output) -> Result<(), Failure> {
    let projects = link.client().projects().await?;
    let project = find(&args.project, projects.iter().map(|view| &view.project))?;
    link.client().remove_project(project.id).await?;
    output.remark(&format!("{} is off the list; its sessions and its files stay", single_line(&project.name)));
    Ok(())
}

/// `switchboard project ls`
pub(super) fn ls(
    args: ProjectListArgs,
    catalog: &Catalog,
    now: switchboard_domain::Timestamp,
    output: &mut Output,
) -> Result<(), Failure> {
    let projects: Vec<(&Project, usize)> = catalog
        .projects()
        .filter(|project| args.all || project.deleted_at.is_none())
        .map(|project| (project, catalog.sessions().iter().filter(|it| it.session.project_id == project.id).count()))
        .collect();
    if args.json.json {
        return output
            .json(&projects.iter().map(|(project, count)| ProjectView::new(project, *count)).collect::<Vec<_>>());
    }
    if projects.is_empty() {
        output.remark("no projects yet: `switchboard run PROMPT` adds the current folder, `switchboard project add DIR` any other");
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("NAME"),
        Column::new("SESSIONS").aligned(Align::Right),
        Column::new("ADDED").optional(),
        Column::new("FOLDER").flexible(),
    ]);
    for (project, count) in projects {
        let name = single_line(&project.name);
        let folder = single_line(&project.path.to_string_lossy());
        table.row([
            if project.deleted_at.is_some() {
                Cell::styled(format!("{name} (removed)"), Style::DIM)
            } else {
                name.into()
            },
            count.to_string().into(),
            Cell::styled(age(project.created_at, now), Style::DIM),
            folder.into(),
        ]);
    }
    output.table(&table)
}

/// The project that `name` means: a folder, a name, or part of an id.
///
/// # Errors
/// When it means none, or several.
pub(super) fn find<'a>(name: &str, projects: impl Iterator<Item = &'a Project>) -> Result<&'a Project, Failure> {
    let projects: Vec<&Project> = projects.filter(|project| project.deleted_at.is_none()).collect();
    let typed = Path::new(name);
    let path = typed.canonicalize().unwrap_or_else(|_| typed.to_owned());
    if let Some(project) = projects.iter().find(|project| project.path == path) {
        return Ok(project);
    }
    let fitting: Vec<&Project> =
        projects.into_iter().filter(|project| project.name == name || project.id.to_string() == name).collect();
    match fitting.as_slice() {
        [project] => Ok(project),
        [] => Err(Failure::new(ExitCode::NotFound, format!("no project is called `{}`", single_line(name)))
            .hint("`switchboard project ls` lists them")),
        several => {
            let folders = several.iter().map(|project| format!("\n  {}", single_line(&project.path.to_string_lossy())));
            let message = format!(
                "`{}` is the name of {} projects:{}",
                single_line(name),
                several.len(),
                folders.collect::<String>()
            );
            Err(Failure::new(ExitCode::Usage, message).hint("use the folder"))
        }
    }
}
