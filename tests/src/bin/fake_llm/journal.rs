//! What was asked, for whoever wonders why an agent does not do what it should.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A file with a JSON line for each request; nothing without one.
pub(crate) struct Journal(Option<Mutex<File>>);

impl Journal {
    /// Begins one at `path`.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        Ok(Self(path.map(File::create).transpose()?.map(Mutex::new)))
    }

    /// Notes `entry`.
    pub(crate) fn note(&self, entry: &Value) {
        if let Some(file) = &self.0 {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody is worse off without it.
            let _noted = writeln!(file, "{entry}");
        }
    }
}
