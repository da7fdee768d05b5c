//! The secret of a webhook, and what is signed with it.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

/// Before a secret that is written in base64, as receivers of Standard Webhooks give it out.
const BASE64_PREFIX: &str = "whsec_";

/// Shorter ones can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// A file that holds more is not a secret.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// Where a secret is to be found. It never stands in the configuration itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretFrom {
    /// In this variable.
    Variable(String),
    /// In this file, which nobody else may read.
    File(PathBuf),
}

/// There is no secret to sign with.
#[derive(Debug, Error)]
pub(crate) enum SecretError {
    /// The variable is not set.
    #[error("the variable {0}, which shall hold its secret, is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("cannot read its secret from {file}: {cause}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file is open to others.
    #[error("the file of its secret, {file}, can be read by others: `chmod 600` it", file = .0.display())]
    Open(PathBuf),
    /// Not base64 behind the prefix, or too short.
    #[error(
        "its secret must be at least {SECRET_BYTES_MIN} bytes long, and base64 when it begins with `{BASE64_PREFIX}`"
    )]
    Weak,
}

/// A secret. In no debug output and in no message.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    /// Reads a secret.
    ///
    /// # Errors
    /// When it is not there, open to others, or can be guessed.
    pub(super) fn read(from: &SecretFrom, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, SecretError> {
        let text = match from {
            SecretFrom::Variable(name) => variable(name).ok_or_else(|| SecretError::NoVariable(name.clone()))?,
            SecretFrom::File(file) => read_file(file)?,
        };
        let text = text.trim();
        let bytes = match text.strip_prefix(BASE64_PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| SecretError::Weak)?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < SECRET_BYTES_MIN { Err(SecretError::Weak) } else { Ok(Self(bytes)) }
    }

    /// The signature of an attempt, as it stands in its header.
    pub(super) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

fn read_file(file: &Path) -> Result<String, SecretError> {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;

    let unreadable = |cause| SecretError::Unreadable { file: file.to_owned(), cause };
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    if opened.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
        return Err(SecretError::Open(file.to_owned()));
    }
    let mut text = String::new();
    opened.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use rstest::rstest;

    use super::*;

    fn of_variable(secret: &str) -> Result<Secret, SecretError> {
        Secret::read(&SecretFrom::Variable("HOOK".into()), &|name| (name == "HOOK").then(|| secret.to_owned()))
    }

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn it_is_signed_as_receivers_expect() {
        let secret = of_variable("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("sound");
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(!format!("{secret:?}").contains("Mf"));
    }

    #[rstest]
    #[case::short("hunter2")]
    #[case::not_base64("whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    #[case::short_behind_the_prefix("whsec_aHVudGVyMg==")]
    fn what_can_be_guessed_is_refused(#[case] secret: &str) {
        assert!(matches!(of_variable(secret), Err(SecretError::Weak)));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        let from = SecretFrom::File(file.clone());
        assert!(matches!(Secret::read(&from, &|_| None), Err(SecretError::Unreadable { .. })));
        fs::write(&file, "0123456789abcdef0123\n").expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("set");
        assert!(matches!(Secret::read(&from, &|_| None), Err(SecretError::Open(_))));
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("set");
        assert_eq!(Secret::read(&from, &|_| None).expect("sound").0, b"0123456789abcdef0123");
    }
}
