//! `cargo xtask tidy`: prints what [`xtask::tidy`] finds.

use std::process::ExitCode;

use xtask::{tidy, workspace};

use crate::report;

/// Checks the workspace this program was built in.
pub(crate) fn run() -> ExitCode {
    match tidy::check(workspace::root()) {
        Ok(findings) => {
            report::findings(&findings);
            if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            report::problem(&error);
            ExitCode::FAILURE
        }
    }
}
