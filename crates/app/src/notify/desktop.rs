//! The desktop's own notifications.

use async_trait::async_trait;

use super::Notification;
use super::channel::Messenger;

/// Shows notifications on the desktop of this session's user.
pub(super) struct Desktop;

#[async_trait]
impl Messenger for Desktop {
    fn name(&self) -> &'static str {
        "desktop"
    }

    async fn deliver(&mut self, notification: &Notification) -> Result<(), String> {
        let mut shown = notify_rust::Notification::new();
        shown.appname("Switchboard").summary(&notification.session.title).body(&notification.text);
        // It speaks to the desktop and waits for it.
        let outcome = tokio::task::spawn_blocking(move || shown.show().map(|_| ()).map_err(|error| error.to_string()));
        outcome.await.unwrap_or_else(|error| Err(error.to_string()))
    }
}
