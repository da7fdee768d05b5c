//! `switchboard export`

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use super::archive::Archive;
use super::args::{ExportArgs, ExportFormat};
use super::catalog::Catalog;
use super::views::TranscriptView;
use super::{ExitCode, Failure, Output};
use crate::markdown::to_markdown;

pub(super) async fn run(
    args: &ExportArgs,
    catalog: &Catalog,
    archive: &Archive,
    output: &mut Output,
) -> Result<(), Failure> {
    let stored = catalog.find(&args.session)?;
    let messages = archive.messages(stored.session.id, None).await?;
    let text = match args.format {
        ExportFormat::Md => to_markdown(stored, catalog.project(stored.session.project_id), &messages),
        ExportFormat::Json => {
            let view = TranscriptView::new(stored, &messages, catalog);
            serde_json::to_string_pretty(&view).map_err(io::Error::from)? + "\n"
        }
    };
    match &args.output {
        None => output.text(&text),
        Some(file) => {
            write_new(file, &text)?;
            output.remark(&format!("wrote {} messages to {}", messages.len(), file.display()));
            Ok(())
        }
    }
}

/// Writes a file that must not be there yet, readable by its owner alone: transcripts hold secrets.
fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut target| {
        target.write_all(text.as_bytes())?;
        target.sync_all()
    });
    written.map_err(|error| {
        let failure = Failure::new(ExitCode::Failure, format!("cannot write {}: {error}", file.display()));
        match error.kind() {
            io::ErrorKind::AlreadyExists => failure.hint("name another file, or remove this one first"),
            _ => failure,
        }
    })
}
