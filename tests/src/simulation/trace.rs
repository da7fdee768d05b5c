//! What happened in a run: a hash of all of it, faults by kind, and the first law that was broken.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The record of one run, kept over all its crashes.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    hasher: DefaultHasher,
    fired: BTreeMap<&'static str, u64>,
    violation: Option<String>,
    /// The last things that happened, for whoever must find out why.
    recent: Option<Vec<String>>,
}

impl Trace {
    /// A trace that also keeps what happened in words.
    pub(crate) fn verbose() -> Self {
        let record = Record { recent: Some(Vec::new()), ..Record::default() };
        Self { record: Mutex::new(record) }
    }

    /// Something happened: it goes into the hash.
    pub(crate) fn happened(&self, kind: &'static str, what: &impl Serialize) {
        let mut record = self.record();
        record.hasher.write(kind.as_bytes());
        // Serializing into a hash cannot fail, and what cannot be serialized is hashed up to there.
        let _ = serde_json::to_writer(IntoHash(&mut record.hasher), what);
        if let Some(recent) = &mut record.recent {
            recent.push(format!("{kind} {}", serde_json::to_string(what).unwrap_or_default()));
        }
    }

    /// A fault took effect.
    pub(crate) fn fired(&self, fault: &'static str) {
        *self.record().fired.entry(fault).or_default() += 1;
    }

    /// A law was broken. The first one counts: the others may follow from it.
    pub(crate) fn violated(&self, law: impl Into<String>) {
        let mut record = self.record();
        if record.violation.is_none() {
            record.violation = Some(law.into());
        }
    }

    /// Whether any law was broken.
    pub(crate) fn is_violated(&self) -> bool {
        self.record().violation.is_some()
    }

    /// The hash, the faults, and the broken law.
    pub(crate) fn verdict(&self) -> (u64, BTreeMap<&'static str, u64>, Option<String>) {
        let record = self.record();
        (record.hasher.finish(), record.fired.clone(), record.violation.clone())
    }

    /// What happened, in words, if that was kept.
    pub(crate) fn story(&self) -> Vec<String> {
        self.record().recent.clone().unwrap_or_default()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct IntoHash<'a>(&'a mut DefaultHasher);

impl io::Write for IntoHash<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
