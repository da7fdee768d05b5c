//! What a daemon that was started in the background says to whoever started it: one line, once.

use std::io::Write;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// More than any refusal is long; whoever writes more is no daemon.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How a start went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Readiness {
    /// It can be reached.
    Ready,
    /// It ends, for this reason.
    Refused(Refusal),
}

/// Why a daemon did not start, in the words of the program that refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// The exit code.
    pub(crate) code: u8,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Readiness {
    /// Says it. Whoever started the daemon may not wait for it any more: then there is nobody to tell.
    pub(crate) fn say(&self, mut to: impl Write) {
        let Ok(line) = serde_json::to_string(self) else { return };
        let _nobody = writeln!(to, "{line}").and_then(|()| to.flush());
    }

    /// Hears it; `None` when the daemon ended without a word.
    pub(crate) async fn hear(from: impl AsyncRead + Unpin) -> Option<Self> {
        let mut line = String::new();
        BufReader::new(from.take(LINE_BYTES_MAX)).read_line(&mut line).await.ok()?;
        serde_json::from_str(&line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_said_is_heard_and_silence_is_silence() {
        let refusal = Refusal { code: 75, message: "two\nlines".to_owned(), hint: None };
        for readiness in [Readiness::Ready, Readiness::Refused(refusal)] {
            let mut said = Vec::new();
            readiness.say(&mut said);
            assert_eq!(Readiness::hear(said.as_slice()).await, Some(readiness));
        }
        for silence in ["", "\n", "thread panicked", "{\"ready\""] {
            assert_eq!(Readiness::hear(silence.as_bytes()).await, None);
        }
    }
}
