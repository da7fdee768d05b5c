//! `switchboard agents`: which agents there are, and what to do about those that are missing.

mod check;
mod survey;
mod version;

use std::path::Path;

use super::args::{AgentsAction, AgentsArgs};
use super::output::Reader;
use super::views::AgentView;
use super::{ExitCode, Failure, Output, Setup};
use crate::terminal::{Cell, Column, Style, Table, single_line};
pub(super) use survey::{State, survey};

/// `switchboard agents`
pub(super) async fn run(args: &AgentsArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    if let Some(AgentsAction::Check(args)) = &args.action {
        return check::run(args, setup, output).await;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut views = survey(&setup.config, &path);
    version::ask_all(&setup.config, &mut views).await;
    if args.json.json {
        output.json(&views)?;
        return Ok(ExitCode::Ok);
    }
    print(&views, output)?;
    if output.reader() == Reader::Person {
        output.remark(&Style::DIM.paint(&advice(&views, &setup.folders.config_file())));
    }
    Ok(ExitCode::Ok)
}

/// To a program one table of all; to a person those that can be run, then how to get the others.
fn print(views: &[AgentView], output: &mut Output) -> Result<(), Failure> {
    if output.reader() == Reader::Program {
        return output.table(&table(views));
    }
    let (missing, there): (Vec<AgentView>, Vec<AgentView>) =
        views.iter().cloned().partition(|view| view.state == State::NotInstalled);
    output.table(&table(&there))?;
    if !missing.is_empty() {
        output.text("\n")?;
        output.table(&shopping_list(&missing))?;
    }
    Ok(())
}

fn table(views: &[AgentView]) -> Table {
    let mut table = Table::new([
        Column::new("NAME"),
        Column::new("STATE"),
        Column::new("VERSION"),
        Column::new("PROTOCOL").optional(),
        Column::new("MODEL").flexible().optional(),
        Column::new("COMMAND").flexible(),
    ]);
    for view in views {
        let style = if view.program.is_some() { Style::GOOD } else { Style::BAD };
        let command = if view.command.is_empty() { "(in this program)".to_owned() } else { view.command.join(" ") };
        table.row([
            Cell::styled(view.name.clone(), Style::ACCENT),
            Cell::styled(state(view), style),
            view.version.as_deref().unwrap_or("-").into(),
            view.protocol.into(),
            single_line(view.model.as_deref().unwrap_or("-")).into(),
            single_line(&command).into(),
        ]);
    }
    table
}

const fn state(view: &AgentView) -> &'static str {
    match view.state {
        State::Installed if view.is_default => "default",
        State::Installed => "installed",
        State::NotFound => "not found",
        State::NotInstalled => "not installed",
    }
}

fn shopping_list(views: &[AgentView]) -> Table {
    let mut table =
        Table::new([Column::new("NOT INSTALLED"), Column::new("").optional(), Column::new("TO INSTALL IT")]);
    for view in views {
        table.row([
            Cell::styled(view.name.clone(), Style::ACCENT),
            view.title.unwrap_or_default().into(),
            view.install.unwrap_or_default().into(),
        ]);
    }
    table
}

fn advice(views: &[AgentView], config_file: &Path) -> String {
    let default = views.iter().find(|view| view.is_default).map_or("", |view| view.name.as_str());
    let file = config_file.display();
    format!(
        "\n`switchboard run PROMPT` uses {default}; `--agent NAME` another one of these\n\
         `switchboard agents check` starts them, and says what works and what to do\n\
         any command is an agent too: `switchboard run --exec COMMAND PROMPT`\n\
         your own are under [agents] in {file}"
    )
}
