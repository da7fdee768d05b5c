//! What can be wrong with a configuration, said so that it can be mended at once.

use std::path::PathBuf;

use thiserror::Error;

use super::{Origin, Sourced};

/// Keys farther apart than this (Jaro-Winkler, 1.0 is equal) are no typing mistakes of each other.
const LIKENESS_MIN: f64 = 0.7;

/// The configuration makes no sense.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file is there and cannot be read.
    #[error("cannot read the configuration {file}: {cause}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// The place.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing.
    #[error("{origin}: unknown key `{key}`{place}", place = in_section(section))]
    UnknownKey {
        /// The place.
        origin: Origin,
        /// The key.
        key: String,
        /// The section it is in; empty at the top.
        section: String,
        /// The known key that is most like it.
        nearest: Option<&'static str>,
        /// All known keys of the section.
        known: Vec<&'static str>,
    },
    /// A value of the wrong kind.
    #[error("{origin}: `{key}` must be {expected}, not {found}")]
    WrongValue {
        /// The place.
        origin: Origin,
        /// The key with its section, or the variable.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A key that an agent cannot do without.
    #[error("{origin}: agent `{agent}` has no `{key}`")]
    Missing {
        /// Where the agent is defined.
        origin: Origin,
        /// The agent.
        agent: String,
        /// The key.
        key: &'static str,
    },
    /// A key that a channel of notifications cannot do without.
    #[error("{origin}: [notify.{channel}] has no `{key}`")]
    NotifyMissing {
        /// Where the channel is configured.
        origin: Origin,
        /// The channel.
        channel: String,
        /// The key.
        key: &'static str,
    },
    /// An agent with a name that cannot be used.
    #[error("{origin}: an agent cannot be called `{name}`: {reason}")]
    AgentName {
        /// The place.
        origin: Origin,
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A name that no agent has.
    #[error("no agent is called `{name}`{place}", place = given_by(origin))]
    UnknownAgent {
        /// Where the name was given.
        origin: Origin,
        /// The name.
        name: String,
        /// The agent whose name is most like it.
        nearest: Option<String>,
        /// All agents.
        known: Vec<String>,
    },
}

fn in_section(section: &str) -> String {
    if section.is_empty() { String::new() } else { format!(" in [{section}]") }
}

fn given_by(origin: &Origin) -> String {
    match origin {
        Origin::Default | Origin::Flag { .. } => String::new(),
        Origin::File { .. } | Origin::Environment { .. } => format!(" ({origin})"),
    }
}

impl ConfigError {
    pub(super) fn unknown_agent<'a>(name: &Sourced<String>, known: impl Iterator<Item = &'a String>) -> Self {
        let known: Vec<String> = known.cloned().collect();
        let nearest = nearest(&name.value, known.iter().map(String::as_str)).map(str::to_owned);
        Self::UnknownAgent { origin: name.origin.clone(), name: name.value.clone(), nearest, known }
    }

    /// What to do about it, when that is not plain from the error itself.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownKey { known, .. } => Some(format!("known here: {}", known.join(", "))),
            Self::UnknownAgent { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownAgent { known, .. } => {
                let known = known.join(", ");
                Some(format!("there are: {known}; add others to the configuration (see `switchboard agents`)"))
            }
            Self::Missing { key: "command", .. } => {
                Some("give the program and its arguments: command = [\"my-agent\"]".into())
            }
            Self::Missing { key: "protocol", .. } => Some(
                "protocol = \"native\" for JSON lines, \"exec\" for any command that answers on standard output, \
                 \"claude\" for Claude Code, \"codex\" for Codex, \"acp\" for any agent that speaks the \
                 Agent Client Protocol"
                    .into(),
            ),
            Self::NotifyMissing { key: "secret_env", .. } => {
                Some("name the variable that holds its secret, or with `secret_file` the file".into())
            }
            _ => None,
        }
    }
}

/// The known word most like `word`, if any is like it at all.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
