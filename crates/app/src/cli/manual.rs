//! `switchboard completions` and `switchboard man`: made from the definitions of the command line,
//! so that they cannot differ from it.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::{ExitCode, Failure, Output};

/// Prints the completion script.
pub(super) fn completions(args: CompletionsArgs, output: &mut Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    output.text(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, or writes all of them into a folder.
pub(super) fn man(args: &ManArgs, output: &mut Output) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.dir else {
        return output.text(&page(&command)?);
    };
    let cannot = |error: io::Error| {
        Failure::new(ExitCode::Failure, format!("cannot write manual pages to {}: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    write_pages(&command, "", folder).map_err(cannot)
}

fn write_pages(command: &Command, parent: &str, folder: &Path) -> io::Result<()> {
    let name =
        if parent.is_empty() { command.get_name().to_owned() } else { format!("{parent}-{}", command.get_name()) };
    fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
        .try_for_each(|subcommand| write_pages(subcommand, &name, folder))
}

fn page(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_each_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Cli::command();
        command.build();
        write_pages(&command, "", folder.path()).expect("written");
        for name in ["switchboard", "switchboard-run", "switchboard-project-add"] {
            let page = fs::read_to_string(folder.path().join(format!("{name}.1"))).expect("a page");
            assert!(page.contains(".SH SYNOPSIS"), "{name}");
        }
    }
}
