//! `switchboard rm`

use std::io::{self, BufRead, IsTerminal};

use switchboard_domain::SessionId;

use super::args::RemoveArgs;
use super::{ExitCode, Failure, Output};
use crate::session_name::find_session;
use crate::terminal::single_line;
use crate::workplace::Workplace;

pub(super) async fn run(args: &RemoveArgs, workplace: &Workplace, output: &mut Output) -> Result<(), Failure> {
    let doomed = doomed(args, workplace)?;
    if !args.yes && !confirm(&doomed, output)? {
        output.remark("nothing was deleted");
        return Ok(());
    }
    for Doomed { id, title, .. } in doomed {
        workplace.engine().delete_session(id).await?;
        output.remark(&format!("deleted {}  {title}", id.short()));
    }
    Ok(())
}

/// A session that is to be deleted.
struct Doomed {
    id: SessionId,
    title: String,
    messages: u64,
}

/// All of them are found before the first is touched.
fn doomed(args: &RemoveArgs, workplace: &Workplace) -> Result<Vec<Doomed>, Failure> {
    let state = workplace.store().snapshot();
    let mut doomed: Vec<Doomed> = Vec::new();
    for name in &args.sessions {
        let session = find_session(name, state.sessions().map(|it| it.session()))?;
        if doomed.iter().any(|known| known.id == session.id) {
            continue;
        }
        let messages = state.session(session.id).map_or(0, |it| it.transcript().last_seq().get());
        doomed.push(Doomed { id: session.id, title: single_line(&session.title), messages });
    }
    Ok(doomed)
}

fn confirm(doomed: &[Doomed], output: &mut Output) -> Result<bool, Failure> {
    for Doomed { id, title, messages } in doomed {
        output.remark(&format!("  {}  {title} ({messages} messages)", id.short()));
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
