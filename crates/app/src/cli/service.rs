//! `switchboard service`

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::args::{ServiceAction, ServiceArgs};
use super::{ExitCode, Failure, Output, Setup};
use crate::agent_specs::NoProgramError;
use crate::daemon::{Invocation, Service};

/// Writes or prints the file that lets the system run the daemon.
pub(super) fn run(args: ServiceArgs, setup: &Setup, output: &mut Output) -> Result<(), Failure> {
    let ServiceAction::Install(args) = args.action;
    let program = std::env::current_exe().map_err(|cause| Failure::from(NoProgramError { cause }))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let service = Service::of_this_system();
    let text = service.text(&Invocation { program: &program, home: setup.folders.home(), path: &path });
    if args.print {
        return output.text(&text);
    }
    let file = file(service)?;
    write(&file, &text).map_err(|error| {
        Failure::new(ExitCode::Failure, format!("cannot write {}: {error}", file.display()))
            .hint("`switchboard service install --print` prints it, to put it where you like")
    })?;
    output.line(&format!("wrote {}", file.display()))?;
    output.remark(&service.next_steps(&file));
    Ok(())
}

fn file(service: Service) -> Result<PathBuf, Failure> {
    let xdg = etcetera::choose_base_strategy();
    let xdg = xdg.map_err(|error| Failure::new(ExitCode::Failure, format!("cannot find your home folder: {error}")))?;
    Ok(service.file(xdg.home_dir(), &xdg.config_dir()))
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    fs::write(file, text)
}
