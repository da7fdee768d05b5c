//! `switchboard rule`: tool calls that need no question in a project.

use super::args::{RuleChangeArgs, RuleListArgs};
use super::catalog::Catalog;
use super::project_command::folder;
use super::{ExitCode, Failure, Output};
use crate::engine::rules_in;
use crate::terminal::single_line;
use crate::workplace::Workplace;

/// `switchboard rule add`
pub(super) async fn add(args: &RuleChangeArgs, workplace: &Workplace, output: &mut Output) -> Result<(), Failure> {
    let project = workplace.project(&folder(&args.project)?)?;
    workplace.engine().remember_rule(project.id, args.rule.clone()).await?;
    let (rule, name) = (single_line(&args.rule.to_string()), single_line(&project.name));
    output.remark(&format!("{rule} needs no question in {name} from now on"));
    Ok(())
}

/// `switchboard rule rm`
pub(super) async fn rm(args: &RuleChangeArgs, workplace: &Workplace, output: &mut Output) -> Result<(), Failure> {
    let path = folder(&args.project)?;
    let known = workplace.store().read(|state| state.projects().find(|project| project.path == path).map(|it| it.id));
    let forgotten = match known {
        Some(project_id) => workplace.engine().forget_rule(project_id, &args.rule).await?,
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
