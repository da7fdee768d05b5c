//! Sessions that a daemon which ended has left interrupted.

use std::path::Path;

use switchboard_domain::{Session, SessionStatus, Timestamp};
use switchboard_persistence::SqliteReader;
use switchboard_store::Persistence as _;

use crate::cli::Output;
use crate::terminal::{Style, single_line};

/// Sessions named one by one; more are only counted.
const NAMED_MAX: usize = 10;

/// The sessions that were interrupted since `began`, and those that were cut off. Only while nobody has the folder.
///
/// Empty when the database cannot be read: whoever opens it next says why.
pub(super) async fn since(began: Timestamp, data: &Path) -> Vec<Session> {
    let Ok(Some(reader)) = SqliteReader::open(data).await else { return Vec::new() };
    let sessions = reader.sessions().await.unwrap_or_default();
    // It was only read from.
    let _closed = reader.close().await;
    let is_cut_off = |session: &Session| match session.status() {
        SessionStatus::Running => true,
        SessionStatus::Interrupted => session.ended_at().is_some_and(|ended| ended >= began),
        _ => false,
    };
    sessions.into_iter().map(|stored| stored.session).filter(is_cut_off).collect()
}

/// Says which they are, and how to go on with them.
pub(super) fn tell(sessions: &[Session], output: &mut Output) {
    if sessions.is_empty() {
        return;
    }
    output.remark(&format!("{} interrupted:", count(sessions.len())));
    for session in sessions.iter().take(NAMED_MAX) {
        output.remark(&format!("  {}  {}", Style::ACCENT.paint(&session.id.short()), single_line(&session.title)));
    }
    if sessions.len() > NAMED_MAX {
        output.remark("  …");
    }
    output.remark("`switchboard resume --all` goes on with all that are interrupted");
}

fn count(sessions: usize) -> String {
    if sessions == 1 { "one session was".to_owned() } else { format!("{sessions} sessions were") }
}
