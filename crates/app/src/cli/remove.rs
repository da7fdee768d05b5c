//! `switchboard rm`

use std::io::{self, BufRead, IsTerminal};

use super::args::RemoveArgs;
use super::link::Link;
use super::{ExitCode, Failure, Output, named};
use crate::api::wire::SessionView;
use crate::terminal::single_line;

pub(super) async fn run(args: &RemoveArgs, link: &Link, output: &mut Output) -> Result<(), Failure> {
    // All of them are found before the first is touched.
    let doomed = named::sessions(&args.sessions, link.client()).await?;
    if !args.yes && !confirm(&doomed, output)? {
        output.remark("nothing was deleted");
        return Ok(());
    }
    for view in doomed {
        link.client().delete_session(view.session.id).await?;
        output.remark(&format!("deleted {}  {}", view.short_id, single_line(&view.session.title)));
    }
    Ok(())
}

fn confirm(doomed: &[SessionView], output: &mut Output) -> Result<bool, Failure> {
    for SessionView { short_id, session, messages, .. } in doomed {
        output.remark(&format!("  {short_id}  {} ({messages} messages)", single_line(&session.title)));
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new(ExitCode::NeedsAnswer, "deleting is for good, and nobody is here to confirm it")
            .hint("say so ahead with --yes"));
    }
    output.prompt("Delete for good? [y]es, [n]o: ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
