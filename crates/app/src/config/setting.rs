//! The kinds of value a setting can have, read from the file or from an environment variable.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use switchboard_domain::Cost;
use toml::de::DeValue;

use super::{ConfigError, Origin, Sourced};

/// Looks up an environment variable; a parameter so that tests need not touch the real environment.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Sessions at once beyond this are a typing mistake, not a wish.
const JOBS_MAX: usize = 1_000;

/// A day: whoever wants to wait longer for a disk wants something else.
const SECONDS_MAX: f64 = 86_400.0;

/// Lines may be limited to no less than this: shorter ones would cut ordinary messages.
const LINE_BYTES_MIN: u64 = 64 * 1024;

/// Lines may be limited to no more than this, since each agent may hold one in memory.
const LINE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A value as it is written.
pub(super) enum Raw<'a> {
    /// In the file.
    Toml(&'a DeValue<'a>),
    /// In a variable.
    Text(&'a str),
}

impl Raw<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Toml(value) => value.as_str(),
            Self::Text(text) => Some(text),
        }
    }

    /// A number; one in quotes is none in the file, where quotes are a choice.
    pub(super) fn number<T: FromStr>(&self) -> Option<T> {
        match self {
            Self::Toml(DeValue::Integer(integer)) if integer.radix() == 10 => integer.as_str().parse().ok(),
            Self::Toml(DeValue::Float(float)) => float.as_str().parse().ok(),
            Self::Toml(_) => None,
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

/// For error messages: what was found, short.
impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Toml(DeValue::String(std::borrow::Cow::Borrowed(text))) => write!(f, "{text:?}"),
            Self::Toml(DeValue::String(text)) => write!(f, "{text:?}"),
            Self::Toml(DeValue::Integer(integer)) => f.write_str(integer.as_str()),
            Self::Toml(DeValue::Float(float)) => f.write_str(float.as_str()),
            Self::Toml(DeValue::Boolean(value)) => write!(f, "{value}"),
            Self::Toml(DeValue::Datetime(moment)) => write!(f, "the date {moment}"),
            Self::Toml(DeValue::Array(_)) => f.write_str("a list"),
            Self::Toml(DeValue::Table(_)) => f.write_str("a table"),
        }
    }
}

/// A kind of value.
pub(super) trait Kind: Sized {
    /// What it must be, to follow "must be".
    const EXPECTED: &'static str;

    /// Reads it; `None` when it is something else.
    fn read(raw: &Raw<'_>) -> Option<Self>;
}

/// Reads the value of `key`.
pub(super) fn from_raw<T: Kind>(raw: &Raw<'_>, key: &str, origin: Origin) -> Result<Sourced<T>, ConfigError> {
    match T::read(raw) {
        Some(value) => Ok(Sourced { value, origin }),
        None => {
            Err(ConfigError::WrongValue { origin, key: key.to_owned(), expected: T::EXPECTED, found: raw.to_string() })
        }
    }
}

impl Kind for String {
    const EXPECTED: &'static str = "a text";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.text().map(str::to_owned)
    }
}

impl Kind for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Text(text) => match text.trim() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
        }
    }
}

impl Kind for NonZeroUsize {
    const EXPECTED: &'static str = "a whole number from 1 to 1000";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().filter(|number: &Self| number.get() <= JOBS_MAX)
    }
}

impl Kind for u64 {
    const EXPECTED: &'static str = "a number of bytes from 65536 to 1073741824";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().filter(|bytes| (LINE_BYTES_MIN..=LINE_BYTES_MAX).contains(bytes))
    }
}

impl Kind for Duration {
    const EXPECTED: &'static str = "a number of seconds above 0, at most 86400";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        let seconds: f64 = raw.number()?;
        (seconds > 0.0 && seconds <= SECONDS_MAX).then(|| Self::from_secs_f64(seconds))
    }
}

impl Kind for Cost {
    const EXPECTED: &'static str = "an amount of dollars above 0";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().and_then(Self::from_usd).filter(|cost| *cost > Self::ZERO)
    }
}

/// What is done when an agent asks for approval of a tool call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovePolicy {
    /// A person is asked.
    #[default]
    Ask,
    /// Changing files is allowed; about anything else a person is asked.
    Edits,
    /// Every call is allowed.
    All,
    /// Every call is refused.
    None,
}

impl ApprovePolicy {
    /// Every policy there is.
    pub(crate) const ALL: [Self; 4] = [Self::Ask, Self::Edits, Self::All, Self::None];

    /// The name used on the command line and in the file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Edits => "edits",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

impl Kind for ApprovePolicy {
    const EXPECTED: &'static str = "\"ask\", \"edits\", \"all\" or \"none\"";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        let text = raw.text()?;
        Self::ALL.into_iter().find(|policy| policy.as_str() == text)
    }
}
