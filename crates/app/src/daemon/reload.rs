//! The configuration of a running daemon: read again when its file has changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use parking_lot::Mutex;

use crate::engine::Engine;
use crate::setup::Setup;
use crate::workplace::agent_book;

/// What tells one state of a file from another: its identity, its size and the moment of its last change.
type Stamp = Option<(u64, u64, i64, i64)>;

/// Keeps a running engine's agents as the configuration file says.
pub(crate) struct Reloader {
    setup: Setup,
    engine: Engine,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    /// What is shown as the program's error because of the file.
    complaint: Option<String>,
}

impl Reloader {
    /// For an engine with the agents of `setup`.
    pub(crate) fn new(setup: Setup, engine: Engine) -> Self {
        let stamp = stamp(&setup.folders.config_file());
        Self { setup, engine, seen: Mutex::new(Seen { stamp, complaint: None }) }
    }

    /// Reads the file again if it has changed since it was last read. One that makes no sense is complained of,
    /// for every front end to see, and what was in force stays.
    ///
    /// Cheap when nothing has changed: do it before each order that may start an agent.
    pub(crate) fn refresh(&self) {
        let mut seen = self.seen.lock();
        let now = stamp(&self.setup.folders.config_file());
        if now == seen.stamp {
            return;
        }
        seen.stamp = now;
        match self.reload() {
            Ok(()) => {
                tracing::info!("the configuration was read again");
                if seen.complaint.take().is_some() {
                    self.engine.store().set_error(None);
                }
            }
            Err(why) => {
                // The reason may quote the file, and the file may hold keys: it is shown, not logged.
                tracing::error!("the configuration makes no sense; what was in force stays");
                tracing::debug!(why, "the configuration makes no sense");
                let complaint = format!("{why}; what was configured before stays in force");
                self.engine.store().set_error(Some(complaint.clone()));
                seen.complaint = Some(complaint);
            }
        }
    }

    fn reload(&self) -> Result<(), String> {
        let setup = self.setup.read_again().map_err(|error| error.to_string())?;
        self.engine.set_agents(agent_book(&setup).map_err(|error| error.to_string())?);
        Ok(())
    }
}

fn stamp(file: &Path) -> Stamp {
    fs::metadata(file).ok().map(|found| (found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}
