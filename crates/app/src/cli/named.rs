//! Finding the sessions that a person named, among all that the engine knows.

use switchboard_domain::Session;

use super::Failure;
use crate::api::wire::{ListSessions, SessionView};
use crate::client::Client;
use crate::session_name::find_session;

/// The session that `name` means.
///
/// # Errors
/// When it means none, or several, or the engine cannot be asked.
pub(super) async fn session(name: &str, client: &Client) -> Result<Session, Failure> {
    let all = client.sessions(&ListSessions::default()).await?;
    Ok(find_session(name, all.iter().map(|view| &view.session))?.clone())
}

/// The sessions that `names` mean, each once, in the order in which they are named first.
///
/// # Errors
/// When one of them means none, or several, or the engine cannot be asked.
pub(super) async fn sessions(names: &[String], client: &Client) -> Result<Vec<SessionView>, Failure> {
    let all = client.sessions(&ListSessions::default()).await?;
    let mut found: Vec<SessionView> = Vec::new();
    for name in names {
        let id = find_session(name, all.iter().map(|view| &view.session))?.id;
        if let Some(view) = all.iter().find(|view| view.session.id == id)
            && found.iter().all(|known| known.session.id != id)
        {
            found.push(view.clone());
        }
    }
    Ok(found)
}
