//! Reading along until a session's turn ends: `show --follow`, and `attach` where there is no terminal.

use switchboard_domain::{Change, SessionId, SessionStatus};

use super::feed::{Feed, Heard};
use super::narrator::Narrator;
use super::run::is_at_rest;
use super::{ExitCode, Failure, Output};
use crate::terminal::{Style, status_style};

/// Tells what happens until the session is at rest, and how it then stands; none when it was deleted.
///
/// # Errors
/// When the daemon goes and does not come back, or the output cannot be written.
pub(super) async fn to_the_end(
    feed: &mut Feed,
    id: SessionId,
    mut narrator: Narrator,
    output: &mut Output,
) -> Result<Option<SessionStatus>, Failure> {
    let mut is_connected = true;
    loop {
        let heard = feed.next().await;
        if !std::mem::replace(&mut is_connected, !matches!(heard, Heard::Reconnecting)) && is_connected {
            output.remark(&Style::GOOD.paint("connected again"));
        }
        match heard {
            Heard::Change(published) => {
                if let Change::Session { change, .. } = &published.change {
                    output.tell(narrator.tell(change))?;
                }
            }
            Heard::Missed(message) => output.tell(narrator.recount(&message))?,
            Heard::Reloaded(_) => {
                if let Some(it) = feed.state().session(id) {
                    output.tell(narrator.catch_up(it.draft()))?;
                }
            }
            Heard::Durable => {}
            Heard::Reconnecting => output.remark(&Style::ATTENTION.paint("the daemon is gone; looking for it …")),
            Heard::Closed => {
                return Err(Failure::new(ExitCode::Failure, "the daemon is gone, and did not come back"));
            }
        }
        if !feed.is_behind() && is_at_rest(feed.state(), id) {
            output.tell(narrator.pause())?;
            let status = feed.state().session(id).map(|it| it.session().status());
            let word = status.map_or_else(|| Style::BAD.paint("deleted"), |it| status_style(it).paint(it.as_str()));
            output.remark(&format!("\n{word}"));
            return Ok(status);
        }
    }
}
