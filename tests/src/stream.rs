//! What `switchboard run --jsonl` says, and what it promises by saying so.

use std::collections::BTreeMap;

use serde::Deserialize;
use switchboard_domain::{Change, Health, Message, Revision, SessionChange, SessionId, SessionStatus};

use crate::ledger::Promise;

/// One line, as the manual documents it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Line {
    /// Something happened.
    Change {
        /// Its place in the order of everything.
        revision: Revision,
        /// What.
        change: Box<Change>,
    },
    /// A message that came while changes were missed.
    Missed {
        /// The message.
        message: Message,
    },
    /// Everything up to here is on disk.
    Durable {
        /// Up to here.
        revision: Revision,
    },
    /// It is another daemon; revisions start again.
    Reset,
    /// The run is over.
    End {
        /// As the shell sees it.
        exit_code: i32,
    },
}

/// Everything that one run said, in order. A last line without an end was never said.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Stream {
    /// Reads what a run wrote to its standard output.
    ///
    /// # Panics
    /// When a line is no line of the documented shape.
    pub fn parse(text: &str) -> Self {
        let finished = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        Self { lines: finished.map(line).collect() }
    }

    /// What it has promised: sessions that exist, and messages at or before the last `durable` line.
    pub fn promises(&self) -> Vec<Promise> {
        let durable = self.durable();
        let changes = self.lines.iter().filter_map(|line| match line {
            Line::Change { revision, change } => Some((*revision, change.as_ref())),
            _ => None,
        });
        changes.filter_map(|(revision, change)| promise(change, revision <= durable)).collect()
    }

    /// The messages of each session, in the order they were shown.
    pub fn messages(&self) -> BTreeMap<SessionId, Vec<String>> {
        let mut shown: BTreeMap<SessionId, Vec<String>> = BTreeMap::new();
        for line in &self.lines {
            let message = match line {
                Line::Change { change, .. } => appended(change),
                Line::Missed { message } => Some(message),
                Line::Durable { .. } | Line::Reset | Line::End { .. } => None,
            };
            if let Some(message) = message {
                shown.entry(message.session_id).or_default().push(message.body.content.clone());
            }
        }
        shown
    }

    /// The sessions that were created, in order.
    pub fn sessions(&self) -> Vec<SessionId> {
        let changes = self.changes();
        changes.filter_map(|change| if let Change::SessionCreated(it) = change { Some(it.id) } else { None }).collect()
    }

    /// The last status of each session.
    pub fn statuses(&self) -> BTreeMap<SessionId, SessionStatus> {
        let changes = self.changes();
        changes
            .filter_map(|change| match change {
                Change::Session { session_id, change: SessionChange::StatusChanged { status, .. } } => {
                    Some((*session_id, *status))
                }
                _ => None,
            })
            .collect()
    }

    /// What was said about the way to the disk, in order.
    pub fn healths(&self) -> Vec<&Health> {
        self.changes()
            .filter_map(|it| if let Change::HealthChanged { health } = it { Some(health) } else { None })
            .collect()
    }

    /// The exit code that it announced, if it came to that.
    pub fn announced_exit_code(&self) -> Option<i32> {
        self.lines.iter().find_map(|line| if let Line::End { exit_code, .. } = line { Some(*exit_code) } else { None })
    }

    /// Whether it said that the process of some session is on disk, for whoever comes after a crash.
    pub fn worker_is_known(&self) -> bool {
        let durable = self.durable();
        self.lines.iter().any(|line| match line {
            Line::Change { revision, change } => *revision <= durable && names_a_worker(change),
            _ => false,
        })
    }

    /// The newest revision that it said is on disk.
    pub fn durable(&self) -> Revision {
        let durable = self.lines.iter().filter_map(|line| match line {
            Line::Durable { revision } => Some(*revision),
            _ => None,
        });
        durable.max().unwrap_or_default()
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.lines.iter().filter_map(|line| if let Line::Change { change, .. } = line { Some(&**change) } else { None })
    }
}

fn names_a_worker(change: &Change) -> bool {
    matches!(change, Change::Session { change: SessionChange::WorkerSet { worker: Some(_) }, .. })
}

fn appended(change: &Change) -> Option<&Message> {
    match change {
        Change::Session { change: SessionChange::MessageAppended { message }, .. } => Some(message),
        _ => None,
    }
}

/// A session is on disk before anybody sees it; a message, when it is said to be.
fn promise(change: &Change, is_durable: bool) -> Option<Promise> {
    if let Change::SessionCreated(session) = change {
        return Some(Promise::Session { id: session.id });
    }
    let message = appended(change).filter(|_| is_durable)?;
    let content = message.body.content.clone();
    Some(Promise::Message { session_id: message.session_id, seq: message.seq, content })
}
