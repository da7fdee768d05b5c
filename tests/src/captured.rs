//! What a process writes, kept while it runs.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::PATIENCE;

/// Read at once, whatever the size of the pipe.
const CHUNK_BYTES: usize = 64 * 1024;

/// Everything a pipe has carried so far; a clone sees the same.
#[derive(Clone, Default)]
pub struct Captured {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

impl Captured {
    /// Reads `pipe` to its end on a thread of its own, so that the writer never waits for the test.
    pub(crate) fn follow(mut pipe: impl Read + Send + 'static) -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        thread::spawn(move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            loop {
                match pipe.read(&mut chunk) {
                    Ok(0) | Err(_) => return writer.end(),
                    Ok(count) => writer.add(&chunk[..count]),
                }
            }
        });
        captured
    }

    /// What came so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state(|state| state.bytes.clone())
    }

    /// What came so far, as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Whether everybody who could write has closed the pipe.
    pub fn has_ended(&self) -> bool {
        self.state(|state| state.ended)
    }

    /// Waits until `look` finds something in the text so far.
    ///
    /// # Panics
    /// When the pipe ends, or [`PATIENCE`] is over, before that.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let text = String::from_utf8_lossy(&state.bytes);
            if let Some(found) = look(&text) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!state.ended && !left.is_zero(), "waited in vain for {what}; all there is:\n{text}");
            (state, _) = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a text.
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_for_text(&self, needle: &str) {
        self.wait_for(&format!("`{needle}`"), |text| text.contains(needle).then_some(()));
    }

    fn add(&self, bytes: &[u8]) {
        self.state(|state| state.bytes.extend_from_slice(bytes));
        self.shared.changed.notify_all();
    }

    fn end(&self) {
        self.state(|state| state.ended = true);
        self.shared.changed.notify_all();
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.shared.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
