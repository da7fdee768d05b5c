//! Something that only those know who may.

use std::fmt::{self, Write};
use std::io;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// As many bits as nobody guesses.
const SECRET_BYTES: usize = 32;

/// A random secret of 256 bits. Never shown in a log.
#[derive(Clone)]
pub(super) struct Secret {
    text: String,
}

/// What is kept of a secret that only has to be recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace([u8; 32]);

impl Secret {
    /// One that never was before.
    pub(super) fn fresh() -> io::Result<Self> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let mut text = String::with_capacity(2 * SECRET_BYTES);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self { text })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn trace(&self) -> Trace {
        Trace::of(&self.text)
    }

    /// Whether `text` is this secret. Takes as long whatever it is.
    pub(super) fn is(&self, text: &str) -> bool {
        self.trace().fits(text)
    }
}

impl Trace {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether it is what `text` leaves. Takes as long whatever it is.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.0.ct_eq(&Self::of(text).0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_new_each_time_and_not_shown() {
        let (one, other) = (Secret::fresh().expect("random"), Secret::fresh().expect("random"));
        assert_eq!(one.text().len(), 64);
        assert!(one.is(one.text()) && !one.is(other.text()) && !one.is("") && !one.is(&one.text()[..63]));
        assert_eq!(format!("{one:?}"), "Secret");
    }
}
