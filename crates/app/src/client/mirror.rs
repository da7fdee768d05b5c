//! A copy of the store's state that keeps itself up to date.

use std::time::Duration;

use switchboard_domain::{ProjectId, Revision, SessionId};
use switchboard_store::{Published, State};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::api::wire::Epoch;
use crate::client::listener::{Heard, Listener};
use crate::client::{Client, ClientError};

/// Events that were read and not looked at. Past it nothing is read, and the server tells us to start
/// over if that takes too long.
const HEARD_MAX: usize = 256;

/// How long a server may be away before a mirror gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a mirror is of.
#[derive(Clone, Debug)]
pub struct Watch {
    /// These sessions, with their transcripts.
    pub sessions: Vec<SessionId>,
    /// The sessions of these projects.
    pub projects: Vec<ProjectId>,
    /// How long the server may be away.
    pub patience: Duration,
}

impl Default for Watch {
    /// All sessions, without the transcripts of before.
    fn default() -> Self {
        Self { sessions: Vec::new(), projects: Vec::new(), patience: PATIENCE }
    }
}

impl Watch {
    /// One session, with its transcript.
    pub fn session(id: SessionId) -> Self {
        Self { sessions: vec![id], ..Self::default() }
    }

    fn query(&self) -> String {
        let sessions = self.sessions.iter().map(|id| format!("session={id}"));
        let params: Vec<_> = sessions.chain(self.projects.iter().map(|id| format!("project={id}"))).collect();
        if params.is_empty() { String::new() } else { format!("?{}", params.join("&")) }
    }
}

/// What a mirror saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// This happened; the state has it.
    Change(Published),
    /// Every fact up to here is on disk.
    Durable(Revision),
    /// The state was read anew, since changes were missed or the server is another one. Nothing that
    /// was known before counts; revisions may start again.
    Reloaded,
    /// The connection is lost, and made again as soon as the server is back. Told before each attempt.
    Reconnecting,
    /// There will be no more.
    Closed,
}

/// A copy of the store's state that keeps itself up to date from the event stream.
///
/// Of a session that is not named in its [`Watch`], it has the messages that came since it began.
/// Times are in whole milliseconds where the store has finer ones.
#[derive(Debug)]
pub struct Mirror {
    state: State,
    epoch: Epoch,
    revision: Revision,
    durable: Revision,
    heard: mpsc::Receiver<Heard>,
    listening: JoinHandle<()>,
}

impl Client {
    /// A mirror of what there is now, and of what happens from now on.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn watch(&self, watch: &Watch) -> Result<Mirror, ClientError> {
        let (sender, mut heard) = mpsc::channel(HEARD_MAX);
        let query = watch.query();
        let listener = Listener::new(self.clone(), &query, query.is_empty(), watch.patience, sender);
        let stream = listener.connect().await?;
        let listening = Guard(Some(tokio::spawn(listener.run(stream))));
        loop {
            match heard.recv().await {
                Some(Heard::Snapshot(beginning)) => {
                    let (state, durable) = (beginning.state, beginning.durable);
                    let (epoch, revision) = (beginning.id.epoch, beginning.id.revision);
                    return Ok(Mirror { state, epoch, revision, durable, heard, listening: listening.keep() });
                }
                Some(_) => {}
                None => return Err(ClientError::Broken("it ended before it told anything".to_owned())),
            }
        }
    }

    /// Everything there is now, but for transcripts.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn state(&self) -> Result<State, ClientError> {
        let mut mirror = self.watch(&Watch::default()).await?;
        Ok(std::mem::take(&mut mirror.state))
    }
}

impl Mirror {
    /// The state as of [`Mirror::revision`].
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Names the life of the store that revisions are of.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The newest change that the state has.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Every fact up to here is on disk, as far as is known here.
    pub const fn durable(&self) -> Revision {
        self.durable
    }

    /// Waits for what is seen next. Cancellation-safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Seen {
        match self.heard.recv().await {
            Some(heard) => self.see(heard),
            None => Seen::Closed,
        }
    }

    /// What was seen already, if anything was.
    pub fn try_next(&mut self) -> Option<Seen> {
        match self.heard.try_recv() {
            Ok(heard) => Some(self.see(heard)),
            Err(mpsc::error::TryRecvError::Empty) => None,
            Err(mpsc::error::TryRecvError::Disconnected) => Some(Seen::Closed),
        }
    }

    fn see(&mut self, heard: Heard) -> Seen {
        match heard {
            Heard::Snapshot(beginning) => {
                (self.state, self.durable) = (beginning.state, beginning.durable);
                (self.epoch, self.revision) = (beginning.id.epoch, beginning.id.revision);
                Seen::Reloaded
            }
            Heard::Change(published) => {
                self.state.apply(&published.change);
                self.revision = published.revision;
                Seen::Change(published)
            }
            Heard::Durable(revision) => {
                self.durable = revision;
                Seen::Durable(revision)
            }
            Heard::Lost => Seen::Reconnecting,
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Ends a task whose owner never came to be.
struct Guard(Option<JoinHandle<()>>);

impl Guard {
    fn keep(mut self) -> JoinHandle<()> {
        self.0.take().expect("kept once, and dropped only after")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
