//! Why a database could not be opened.

use std::io;
use std::path::PathBuf;

use switchboard_store::Cause;
use thiserror::Error;

use crate::Holder;

/// Why a database could not be opened. In every case what is on disk was left as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the folder.
    #[error("the data folder {} is in use{}", folder.display(), by(holder.as_ref()))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process that has it, if it says so.
        holder: Option<Holder>,
    },
    /// The folder cannot be made, or nothing can be written to it.
    #[error("cannot use the data folder {}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is something else than a database.
    #[error("{} is not a database; move it away to start with an empty one", file.display())]
    NotADatabase {
        /// The file.
        file: PathBuf,
    },
    /// The file is a database of another program.
    #[error("{} is a database of another program; move it away to start with an empty one", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The database was written by a newer version of Switchboard.
    #[error("{} was written by a newer version of switchboard ({unknown}); use that version", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// What this version does not know.
        unknown: String,
    },
    /// The database is damaged.
    #[error("{} is damaged: {reason}; restore a backup, or move it away to start with an empty one", file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting that durability rests on did not take.
    #[error("sqlite has {setting} at {found}, but it must be {wanted}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: String,
    },
    /// The database could not be read or set up.
    #[error("cannot {attempt} {}: {source}", file.display())]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        file: PathBuf,
        /// The adapter's error.
        source: Cause,
    },
}

fn by(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(" by {holder}")).unwrap_or_default()
}
