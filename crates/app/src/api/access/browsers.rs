//! Browsers that are logged in, and codes that log one in.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::access::secret::{Secret, Trace};

/// How long a login code can be used: long enough to click on a link.
const CODE_LIFE: Duration = Duration::from_mins(5);

/// Codes that can be used at a time; the oldest gives way.
const CODES_MAX: usize = 16;

/// Browsers that are logged in at a time; the oldest gives way.
const BROWSERS_MAX: usize = 64;

/// Browsers that are logged in, until the server ends, and codes that log one in. Of either only
/// traces are kept: whoever reads this memory can use neither.
#[derive(Debug, Default)]
pub(super) struct Browsers {
    codes: Mutex<VecDeque<(Trace, Instant)>>,
    known: Mutex<VecDeque<Trace>>,
}

impl Browsers {
    /// A code that logs one browser in.
    pub(super) fn new_code(&self) -> io::Result<Secret> {
        let code = Secret::fresh()?;
        let mut codes = self.codes.lock();
        if codes.len() == CODES_MAX {
            codes.pop_front();
        }
        codes.push_back((code.trace(), Instant::now() + CODE_LIFE));
        Ok(code)
    }

    /// What the browser is known by from now on; `None` when the code is none, was used, or is too old.
    pub(super) fn log_in(&self, code: &str) -> io::Result<Option<Secret>> {
        if !self.use_up(code) {
            return Ok(None);
        }
        let secret = Secret::fresh()?;
        let mut known = self.known.lock();
        if known.len() == BROWSERS_MAX {
            known.pop_front();
        }
        known.push_back(secret.trace());
        Ok(Some(secret))
    }

    /// Whether a browser is known by this.
    pub(super) fn know(&self, secret: &str) -> bool {
        // All of them, so that the time tells nothing.
        self.known.lock().iter().filter(|trace| trace.fits(secret)).count() > 0
    }

    fn use_up(&self, code: &str) -> bool {
        let mut codes = self.codes.lock();
        let now = Instant::now();
        codes.retain(|(_, end)| *end > now);
        let before = codes.len();
        codes.retain(|(trace, _)| !trace.fits(code));
        codes.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_code_works_once_and_not_for_long() {
        let browsers = Browsers::default();
        let code = browsers.new_code().expect("random");
        let secret = browsers.log_in(code.text()).expect("random").expect("logged in");
        assert!(browsers.know(secret.text()) && !browsers.know(code.text()));
        assert!(browsers.log_in(code.text()).expect("random").is_none(), "it is used up");
        let late = browsers.new_code().expect("random");
        tokio::time::advance(CODE_LIFE).await;
        assert!(browsers.log_in(late.text()).expect("random").is_none(), "it is too old");
    }

    #[test]
    fn neither_codes_nor_browsers_pile_up() {
        let browsers = Browsers::default();
        let first = browsers.new_code().expect("random");
        for _ in 0..200 {
            let code = browsers.new_code().expect("random");
            browsers.log_in(code.text()).expect("random").expect("logged in");
            let _ = browsers.new_code().expect("random");
        }
        assert!(browsers.codes.lock().len() <= CODES_MAX && browsers.known.lock().len() <= BROWSERS_MAX);
        assert!(browsers.log_in(first.text()).expect("random").is_none());
    }
}
