//! What somebody was told is saved, and whether it is.
//!
//! A driver writes a [`Promise`] into its ledger the moment it may rely on it, then is killed. The
//! check is a function over the ledger and what is in the database, so that it can be run against a
//! database that lies, and must then find something.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use switchboard_domain::{QueuedMessageId, Seq, SessionId, SessionStatus};

use crate::Contents;

/// One thing that somebody was told is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "promise")]
pub enum Promise {
    /// A session exists.
    Session {
        /// Which.
        id: SessionId,
    },
    /// A message is at this place of a transcript.
    Message {
        /// Of which session.
        session_id: SessionId,
        /// At which place.
        seq: Seq,
        /// What it says.
        content: String,
    },
    /// Somewhere in a transcript there is this text: all that an agent who heard it can know.
    Heard {
        /// In which session.
        session_id: SessionId,
        /// What it says.
        content: String,
    },
    /// A message waits in the queue.
    Queued {
        /// Which.
        id: QueuedMessageId,
    },
    /// A session and everything of it is gone.
    Deleted {
        /// Which.
        id: SessionId,
    },
}

/// A file of promises, one on each line; survives the death of its writer.
#[derive(Debug)]
pub struct Ledger {
    file: Mutex<File>,
}

impl Ledger {
    /// Opens it to append.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn append_to(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// Writes one down. In the page cache when this returns, which outlives the process.
    ///
    /// # Errors
    /// When the file cannot be written.
    ///
    /// # Panics
    /// When another thread panicked while it wrote.
    pub fn write(&self, promise: &Promise) -> io::Result<()> {
        let line = serde_json::to_string(promise)? + "\n";
        self.file.lock().expect("no writer panics").write_all(line.as_bytes())
    }

    /// All that was promised. A last line without an end was never finished, so nobody was told.
    ///
    /// # Panics
    /// When the file is there and cannot be read, or a finished line is no promise.
    pub fn read(path: &Path) -> Vec<Promise> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => panic!("cannot read the ledger {}: {error}", path.display()),
        };
        let finished = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        finished.map(|line| serde_json::from_str(line).expect("a promise")).collect()
    }
}

/// Every promise that the database does not keep, and every transcript with a gap, in words.
pub fn broken(promises: &[Promise], contents: &Contents) -> Vec<String> {
    let unkept = promises.iter().filter(|promise| !is_kept(promise, promises, contents));
    unkept.map(|promise| format!("broken: {promise:?}")).chain(gaps(contents)).collect()
}

fn is_kept(promise: &Promise, promises: &[Promise], contents: &Contents) -> bool {
    let is_deleted = |id| promises.contains(&Promise::Deleted { id });
    match promise {
        Promise::Session { id } => contents.sessions.contains_key(id) || is_deleted(*id),
        Promise::Message { session_id, seq, content } => {
            let index = usize::try_from(seq.get() - 1).expect("a transcript fits memory");
            contents.texts(*session_id).get(index) == Some(&content.as_str()) || is_deleted(*session_id)
        }
        Promise::Heard { session_id, content } => {
            contents.texts(*session_id).contains(&content.as_str()) || is_deleted(*session_id)
        }
        // One that has left the queue was delivered, which the agent's own promise covers.
        Promise::Queued { id } => contents.queue.iter().any(|queued| queued.id == *id),
        Promise::Deleted { id } => !contents.sessions.contains_key(id) && contents.texts(*id).is_empty(),
    }
}

/// Places are 1, 2, 3 … in each transcript, and each belongs to a session that exists.
fn gaps(contents: &Contents) -> Vec<String> {
    let mut found = Vec::new();
    for (id, messages) in &contents.transcripts {
        let places: Vec<u64> = messages.iter().map(|message| message.seq.get()).collect();
        let dense: Vec<u64> = (1..).take(places.len()).collect();
        if places != dense {
            found.push(format!("session {id} has gaps: {places:?}"));
        }
        if !contents.sessions.contains_key(id) {
            found.push(format!("messages of {id}, which does not exist"));
        }
    }
    found
}

/// Each session whose transcript is not what its agent said, in order, up to some point.
///
/// `said` gives the texts of a session as its agent said them.
pub fn not_a_prefix(contents: &Contents, said: &BTreeMap<SessionId, Vec<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (id, said) in said {
        let kept = contents.texts(*id);
        if kept.len() > said.len() || kept.iter().zip(said).any(|(kept, said)| kept != said) {
            found.push(format!("session {id}: {kept:?} is no beginning of what was said"));
        }
    }
    found
}

/// Sessions that claim to run though nobody is there who could run them.
pub fn left_running(contents: &Contents) -> Vec<SessionId> {
    let running = contents.sessions.values().filter(|session| session.status() == SessionStatus::Running);
    running.map(|session| session.id).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use switchboard_store::testing::sample;

    use super::*;

    /// A session with three messages, and all that was promised about them.
    fn kept() -> (Contents, Vec<Promise>, SessionId) {
        let session = sample::session(1, 1);
        let id = session.id;
        let messages: Vec<_> = (1..=3).map(|seq| sample::message(1, seq)).collect();
        let promises = messages
            .iter()
            .map(|message| Promise::Message { session_id: id, seq: message.seq, content: message.body.content.clone() })
            .chain([Promise::Session { id }])
            .collect();
        let contents = Contents {
            sessions: BTreeMap::from([(id, session)]),
            transcripts: BTreeMap::from([(id, messages)]),
            ..Contents::default()
        };
        (contents, promises, id)
    }

    #[test]
    fn kept_promises_are_kept() {
        let (contents, promises, _) = kept();
        assert_eq!(broken(&promises, &contents), Vec::<String>::new());
    }

    #[rstest]
    #[case::the_last_message(2, 1)]
    #[case::one_in_the_middle(1, 3)]
    fn a_lost_message_is_found(#[case] index: usize, #[case] findings: usize) {
        let (mut contents, promises, id) = kept();
        contents.transcripts.get_mut(&id).expect("there").remove(index);
        assert_eq!(broken(&promises, &contents).len(), findings);
    }

    #[test]
    fn a_lost_session_is_found() {
        let (mut contents, promises, id) = kept();
        contents.sessions.remove(&id);
        assert!(!broken(&promises, &contents).is_empty());
    }

    #[test]
    fn a_deleted_session_must_be_gone_and_owes_nothing() {
        let (mut contents, mut promises, id) = kept();
        promises.push(Promise::Deleted { id });
        assert!(!broken(&promises, &contents).is_empty());
        contents.sessions.remove(&id);
        contents.transcripts.remove(&id);
        assert_eq!(broken(&promises, &contents), Vec::<String>::new());
    }

    #[rstest]
    #[case::all_of_it(&["a", "b", "c"], true)]
    #[case::the_beginning(&["a"], true)]
    #[case::nothing(&[], true)]
    #[case::without_the_first(&["b", "c"], false)]
    #[case::in_another_order(&["b", "a"], false)]
    #[case::more_than_was_said(&["a", "b", "c", "d"], false)]
    fn a_transcript_is_a_beginning_of_what_was_said(#[case] kept_texts: &[&str], #[case] fine: bool) {
        let (mut contents, _, id) = kept();
        let messages = (1..).zip(kept_texts).map(|(seq, text)| sample::text(1, seq, text));
        contents.transcripts.insert(id, messages.collect());
        let said = BTreeMap::from([(id, ["a", "b", "c"].map(str::to_owned).to_vec())]);
        assert_eq!(not_a_prefix(&contents, &said).is_empty(), fine);
    }

    #[test]
    fn a_line_that_was_not_finished_was_never_promised() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        assert_eq!(Ledger::read(&path), []);
        let promise = Promise::Session { id: sample::session_id(1) };
        Ledger::append_to(&path).and_then(|ledger| ledger.write(&promise)).expect("written");
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(b"{\"promise\":\"sess").expect("written");
        assert_eq!(Ledger::read(&path), [promise]);
    }
}
