//! `switchboard agents`

use std::path::{Path, PathBuf};

use super::args::AgentsArgs;
use super::output::Reader;
use super::views::AgentView;
use super::{Failure, Output};
use crate::config::{AgentConfig, BUILTIN_AGENT, Config};
use crate::terminal::{Cell, Column, Style, Table, single_line};

pub(super) fn run(args: AgentsArgs, config: &Config, config_file: &Path, output: &mut Output) -> Result<(), Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let views = views(config, &path);
    if args.json.json {
        return output.json(&views);
    }
    output.table(&table(&views))?;
    if output.reader() == Reader::Person && views.len() == 1 {
        output.remark(&format!(
            "add your own to {}:\n\n  [agents.NAME]\n  protocol = \"exec\"    # or \"native\"\n  command = [\"PROGRAM\", \"ARGUMENT\"]\n\n\
             or run any command without that: `switchboard run --exec COMMAND PROMPT`",
            config_file.display()
        ));
    }
    Ok(())
}

/// Every agent of the configuration, with its program as far as it is found in `path`.
pub(super) fn views(config: &Config, path: &std::ffi::OsStr) -> Vec<AgentView> {
    let view = |(name, agent): (&String, &crate::config::Sourced<AgentConfig>)| AgentView {
        name: name.clone(),
        protocol: agent.value.protocol.as_str(),
        command: agent.value.command.clone(),
        model: agent.value.model.clone(),
        program: program(name, &agent.value, path),
        is_default: *name == config.defaults.agent.value,
        origin: serde_json::to_value(&agent.origin).unwrap_or_default(),
    };
    config.agents.iter().map(view).collect()
}

fn program(name: &str, agent: &AgentConfig, path: &std::ffi::OsStr) -> Option<PathBuf> {
    if name == BUILTIN_AGENT || agent.endpoint.is_some() {
        return std::env::current_exe().ok();
    }
    let program = Path::new(agent.command.first()?);
    let places: Vec<PathBuf> = if program.components().count() > 1 {
        vec![program.to_owned()]
    } else {
        std::env::split_paths(path).map(|folder| folder.join(program)).collect()
    };
    places.into_iter().find(|place| is_program(place))
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    let may_run =
        |metadata: &std::fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = |_: &std::fs::Metadata| true;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && may_run(&metadata))
}

fn table(views: &[AgentView]) -> Table {
    let mut table = Table::new([
        Column::new("NAME"),
        Column::new("PROTOCOL").optional(),
        Column::new("STATE"),
        Column::new("MODEL").flexible().optional(),
        Column::new("COMMAND").flexible(),
    ]);
    for view in views {
        let state = match (&view.program, view.is_default) {
            (None, _) => Cell::styled("not found", Style::BAD),
            (Some(_), true) => Cell::styled("default", Style::GOOD),
            (Some(_), false) => Cell::styled("ready", Style::GOOD),
        };
        let command = if view.command.is_empty() { "(in this program)".to_owned() } else { view.command.join(" ") };
        table.row([
            Cell::styled(view.name.clone(), Style::ACCENT),
            view.protocol.into(),
            state,
            single_line(view.model.as_deref().unwrap_or("-")).into(),
            single_line(&command).into(),
        ]);
    }
    table
}
