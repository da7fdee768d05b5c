//! Takes notices from the engine and gives them to the channels.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use switchboard_store::Store;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use super::Notification;
use super::channel::{Channel, Messenger, WAITING_MAX};
use super::command::CommandMessenger;
use super::kind::Kinds;
use super::webhook::{WebhookError, WebhookMessenger};
use crate::config::NotifyConfig;
use crate::engine::{Notice, Notifier};

/// Notifications cannot be set up as configured.
#[derive(Debug, Error)]
pub(crate) enum NotifyError {
    /// A webhook.
    #[error("the webhook `{name}` cannot be used: {cause}")]
    Webhook {
        /// Its name in the configuration.
        name: String,
        /// Why.
        cause: WebhookError,
    },
    /// The desktop.
    #[cfg(not(feature = "desktop"))]
    #[error("this program was built without desktop notifications: build it with `--features desktop`")]
    NoDesktop,
}

/// Takes notices from the engine and gives them to the channels. Never holds anybody up.
pub(crate) struct Dispatch {
    /// `None` once it is closed.
    notices: Mutex<Option<mpsc::Sender<Notice>>>,
    tasks: Mutex<JoinSet<()>>,
}

/// Channels, while they are being opened.
#[derive(Default)]
struct Channels {
    channels: Vec<Channel>,
    tasks: JoinSet<()>,
}

impl Channels {
    fn open(&mut self, kinds: &Kinds, messenger: impl Messenger) {
        let (channel, task) = Channel::open(kinds.clone(), messenger);
        self.channels.push(channel);
        self.tasks.spawn(task);
    }
}

impl Dispatch {
    /// Opens the channels that are configured; looks up variables that hold secrets with `variable`.
    ///
    /// # Errors
    /// When one of them cannot be set up.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn start(
        config: &NotifyConfig,
        store: &Store,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, NotifyError> {
        let mut open = Channels::default();
        if let Some(command) = &config.command {
            open.open(&command.value.kinds, CommandMessenger::new(command.value.hook.clone()));
        }
        for (name, webhook) in &config.webhooks {
            let messenger = WebhookMessenger::new(name, &webhook.value, variable);
            let messenger = messenger.map_err(|cause| NotifyError::Webhook { name: name.clone(), cause })?;
            open.open(&webhook.value.kinds, messenger);
        }
        if let Some(desktop) = config.desktop.as_ref().filter(|desktop| !desktop.value.is_empty()) {
            open_desktop(&mut open, &desktop.value)?;
        }
        let Channels { channels, mut tasks } = open;
        if channels.is_empty() {
            return Ok(Self { notices: Mutex::new(None), tasks: Mutex::new(tasks) });
        }
        let (notices, taken) = mpsc::channel(WAITING_MAX);
        tasks.spawn(pass_on(taken, channels, store.clone()));
        Ok(Self { notices: Mutex::new(Some(notices)), tasks: Mutex::new(tasks) })
    }

    /// Takes no more notices, and waits until what is queued was delivered or given up, but not longer
    /// than `patience`. Returns whether all was done.
    pub(crate) async fn close(&self, patience: Duration) -> bool {
        drop(self.notices.lock().take());
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        let all_done = async { while tasks.join_next().await.is_some() {} };
        let is_done = timeout(patience, all_done).await.is_ok();
        if !is_done {
            tracing::warn!("some notifications were not delivered in time");
        }
        tasks.shutdown().await;
        is_done
    }
}

impl Notifier for Dispatch {
    fn notify(&self, notice: Notice) {
        if let Some(notices) = &*self.notices.lock()
            && notices.try_send(notice).is_err()
        {
            tracing::warn!("a notification was dropped: too many wait already");
        }
    }
}

#[cfg(feature = "desktop")]
fn open_desktop(open: &mut Channels, kinds: &Kinds) -> Result<(), NotifyError> {
    open.open(kinds, super::desktop::Desktop);
    Ok(())
}

#[cfg(not(feature = "desktop"))]
fn open_desktop(_open: &mut Channels, _kinds: &Kinds) -> Result<(), NotifyError> {
    Err(NotifyError::NoDesktop)
}

async fn pass_on(mut notices: mpsc::Receiver<Notice>, channels: Vec<Channel>, store: Store) {
    while let Some(notice) = notices.recv().await {
        let (id, at) = (Uuid::now_v7(), store.now());
        // A session that is gone meanwhile wants no look.
        if let Some(notification) = store.read(|state| Notification::new(id, &notice, state, at)) {
            let notification = Arc::new(notification);
            for channel in &channels {
                channel.offer(&notification);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use switchboard_domain::{NewSession, SessionId};
    use switchboard_store::StoreConfig;
    use switchboard_store::testing::MemoryPersistence;

    use super::*;
    use crate::config::{CommandConfig, Origin, Sourced};
    use crate::notify::{CommandHook, Kind};

    const LONG: Duration = Duration::from_mins(2);

    fn config(script: &str, kinds: &[Kind]) -> NotifyConfig {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let hook = CommandHook { command, timeout: LONG };
        let value = CommandConfig { hook, kinds: kinds.iter().copied().collect() };
        let command = Some(Sourced { value, origin: Origin::Default });
        NotifyConfig { command, terminal: None, desktop: None, webhooks: BTreeMap::new() }
    }

    async fn store_with_session() -> (Store, SessionId) {
        let store = Store::start(MemoryPersistence::new(), StoreConfig::default());
        let project = store.add_project(Path::new("/site")).expect("added").durable().await.expect("saved");
        let (id, agent, prompt) = (SessionId::new(Uuid::now_v7()), "mine".to_owned(), "do it".to_owned());
        let new = NewSession { id, project_id: project.id, agent, prompt, title: None, model: None };
        store.create_session(new).await.expect("created");
        (store, id)
    }

    #[tokio::test]
    async fn what_is_queued_at_the_end_is_still_delivered() {
        let (store, id) = store_with_session().await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("seen");
        let config = config(&format!("cat >> {}", file.display()), &[Kind::Completed]);
        let dispatch = Dispatch::start(&config, &store, &|_| None).expect("sound");
        for _ in 0..5 {
            dispatch.notify(Notice::Completed(id));
            dispatch.notify(Notice::Failed(id));
        }
        assert!(dispatch.close(LONG).await);
        dispatch.notify(Notice::Completed(id));
        let seen = std::fs::read_to_string(file).expect("written");
        assert_eq!(seen.lines().count(), 5, "only those of the wanted kind, and none after the end:\n{seen}");
    }

    #[tokio::test]
    async fn a_channel_that_hangs_holds_up_neither_the_engine_nor_the_end() {
        let (store, id) = store_with_session().await;
        let dispatch = Dispatch::start(&config("sleep 600", &Kind::ALL), &store, &|_| None).expect("sound");
        let began = std::time::Instant::now();
        for _ in 0..10_000 {
            dispatch.notify(Notice::Completed(id));
        }
        assert!(!dispatch.close(Duration::from_millis(200)).await, "it says that not all was delivered");
        assert!(began.elapsed() < LONG);
    }
}
