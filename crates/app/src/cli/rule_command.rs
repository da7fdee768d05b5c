//! `switchboard rule`: tool calls that need no question in a project.

use super::args::{RuleChangeArgs, RuleListArgs};
use super::catalog::Catalog;
use super::link::Link;
use super::project_command::folder;
use super::{ExitCode, Failure, Output};
use crate::engine::rules_in;
use crate::terminal::single_line;

/// `switchboard rule add`
pub(super) async fn add(args: &RuleChangeArgs, link: &Link, output: &mut Output) -> Result<(), Failure> {
    let project = link.client().add_project(&folder(&args.project)?).await?;
    link.client().remember_rule(project.id, &args.rule).await?;
    let (rule, name) = (single_line(&args.rule.to_string()), single_line(&project.name));
    output.remark(&format!("{rule} needs no question in {name} from now on"));
    Ok(())
}

/// `switchboard rule rm`
pub(super) async fn rm(args: &RuleChangeArgs, link: &Link, output: &mut Output) -> Result<(), Failure> {
    let path = folder(&args.project)?;
    let projects = link.client().projects().await?;
    let forgotten = match projects.iter().find(|view| view.project.path == path) {
        Some(view) => link.client().forget_rule(view.project.id, &args.rule).await?,
        None => false,
    };
    let rule = single_line(&args.rule.to_string());
    if !forgotten {
        return Err(Failure::new(ExitCode::NotFound, format!("there is no rule `{rule}` for {}", path.display()))
            .hint("`switchboard rule ls` lists them"));
    }
    output.remark(&format!("{rule} is asked about again"));
    Ok(())
}

/// `switchboard rule ls`
pub(super) fn ls(args: &RuleListArgs, catalog: &Catalog, output: &mut Output) -> Result<(), Failure> {
    let path = folder(&args.project)?;
    let project = catalog.project_at(&path);
    let rules = project.map_or_else(Vec::new, |project| rules_in(catalog.settings(), project.id));
    if args.json.json {
        return output.json(&rules);
    }
    if rules.is_empty() {
        output.remark(
            "no rules here: every tool call is asked about; `switchboard rule add 'Bash(cargo test*)'` adds one",
        );
    }
    for rule in rules {
        output.line(&single_line(&rule.to_string()))?;
    }
    Ok(())
}
