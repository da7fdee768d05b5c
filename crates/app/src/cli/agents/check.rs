//! `switchboard agents check`: starts agents for real, without giving them anything to do, and says whether they work.

mod report;

use std::path::Path;
use std::time::Duration;

use switchboard_sidecar::{AgentSpec, check};

use super::{State, survey};
use crate::agent_specs::agent_specs;
use crate::cli::args::AgentsCheckArgs;
use crate::cli::views::AgentView;
use crate::cli::{ExitCode, Failure, Output, Setup};
use crate::config::{Config, Sourced};
use report::Report;

/// `switchboard agents check`
pub(in crate::cli) async fn run(
    args: &AgentsCheckArgs,
    setup: &Setup,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let patience = Duration::from_secs(args.timeout);
    let specs = agent_specs(&setup.config, &setup.folders.data().join("coder"))?;
    let (mut reports, mut code) = (Vec::new(), ExitCode::Ok);
    // One after the other: some need hundreds of megabytes, and each shall have the time it is given.
    for agent in chosen(&args.names, &setup.config)? {
        let Some(spec) = specs.iter().find(|spec| spec.name == agent.name) else { continue };
        let report = look_at(agent, spec, patience).await?;
        if !args.json.json {
            output.text(&report.text())?;
        }
        if report.exit_code().number() > code.number() {
            code = report.exit_code();
        }
        reports.push(report);
    }
    if args.json.json {
        output.json(&reports)?;
    }
    Ok(code)
}

/// Those with these names, or all that are installed.
fn chosen(names: &[String], config: &Config) -> Result<Vec<AgentView>, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut agents = survey(config, &path);
    if names.is_empty() {
        agents.retain(|agent| agent.state == State::Installed);
        return Ok(agents);
    }
    for name in names {
        config.agent_named(&Sourced::from_flag(name.clone(), "check"))?;
    }
    agents.retain(|agent| names.contains(&agent.name));
    Ok(agents)
}

async fn look_at(agent: AgentView, spec: &AgentSpec, patience: Duration) -> Result<Report, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(ExitCode::Failure, format!("cannot make a folder to start agents in: {error}"))
    };
    let folder = tempfile::tempdir().map_err(cannot)?;
    // Agents compare it with what the operating system says.
    let place = folder.path().canonicalize().unwrap_or_else(|_| Path::new(folder.path()).to_owned());
    let outcome = check(spec, &place, patience).await;
    Ok(Report::new(agent, outcome))
}
