//! Where the sessions that are watched come from: the daemon, or the disk while there is none.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_domain::{Seq, SessionId};
use switchboard_store::{SessionState, State};

use crate::cli::archive::Archive;
use crate::cli::{Failure, Setup, glance};
use crate::client::{Mirror, Seen, Watch};

/// How often the disk is looked at, and whether there is a daemon.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Sessions at rest whose last words are looked up: more than any window shows.
const LAST_WORDS_MAX: usize = 64;

/// The sessions, now and as they go on.
pub(super) struct Source {
    setup: Setup,
    from: From,
    last_words: LastWords,
}

/// What was said last in sessions of which nothing has been heard since.
type LastWords = BTreeMap<SessionId, (Seq, String)>;

/// The sessions at one moment.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// All that is known of them.
    pub(super) state: &'a State,
    last_words: &'a LastWords,
}

impl Scene<'_> {
    /// The last thing that a session has to say, on one line.
    pub(super) fn last_words(self, it: &SessionState) -> String {
        let words = glance::last_words(it);
        let known = self.last_words.get(&it.session().id).filter(|(seq, _)| *seq == it.transcript().last_seq());
        if words.is_empty() { known.map(|(_, words)| words.clone()).unwrap_or_default() } else { words }
    }

    /// A scene in which nothing is known but a state.
    #[cfg(test)]
    pub(super) fn of(state: &State) -> Scene<'_> {
        static NOTHING: LastWords = BTreeMap::new();
        Scene { state, last_words: &NOTHING }
    }
}

enum From {
    /// Told by the daemon.
    Daemon(Box<Mirror>),
    /// As they were on disk when it was last looked.
    Disk(Box<State>),
}

impl Source {
    /// The sessions as they are now.
    ///
    /// # Errors
    /// When neither a daemon nor the disk can tell.
    pub(super) async fn open(setup: &Setup) -> Result<Self, Failure> {
        let (from, last_words) = open(setup, LastWords::new()).await?;
        Ok(Self { setup: setup.clone(), from, last_words })
    }

    /// The sessions.
    pub(super) fn scene(&self) -> Scene<'_> {
        let state = match &self.from {
            From::Daemon(mirror) => mirror.state(),
            From::Disk(state) => state,
        };
        Scene { state, last_words: &self.last_words }
    }

    /// Whether a daemon tells.
    pub(super) const fn is_live(&self) -> bool {
        matches!(self.from, From::Daemon(_))
    }

    /// Waits until they may be others. Cancellation-safe.
    pub(super) async fn next(&mut self) {
        let is_over = match &mut self.from {
            From::Daemon(mirror) => matches!(mirror.next().await, Seen::Closed | Seen::Reconnecting),
            From::Disk(_) => {
                tokio::time::sleep(LOOK_EVERY).await;
                true
            }
        };
        if is_over {
            // What cannot be read right now is as it was.
            match open(&self.setup, self.last_words.clone()).await {
                Ok((from, last_words)) => (self.from, self.last_words) = (from, last_words),
                Err(failure) => {
                    tracing::debug!(%failure, "the sessions cannot be looked at");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }
}

async fn open(setup: &Setup, known: LastWords) -> Result<(From, LastWords), Failure> {
    let archive = Archive::open(setup).await?;
    let from = match &archive {
        Archive::Daemon(link) => From::Daemon(Box::new(link.client().watch(&Watch::default()).await?)),
        _ => From::Disk(Box::new(archive.catalog().await?.into_state())),
    };
    let state = match &from {
        From::Daemon(mirror) => mirror.state(),
        From::Disk(state) => state,
    };
    let mut last_words = LastWords::new();
    for it in state.sessions().filter(|it| it.session().status().is_final()).take(LAST_WORDS_MAX) {
        let (id, seq) = (it.session().id, it.transcript().last_seq());
        let words = match known.get(&id) {
            Some((known, words)) if *known == seq => words.clone(),
            _ => {
                let newest = archive.messages(id, Some(1)).await?;
                newest.last().map(|message| glance::last_line(&message.body.content)).unwrap_or_default()
            }
        };
        last_words.insert(id, (seq, words));
    }
    Ok((from, last_words))
}
