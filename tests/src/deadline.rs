//! Waiting without sleeping blindly.

use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen soon. Generous: a busy machine is no failure, and
/// nothing that goes well takes this long.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// Between two looks; short against everything that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks until there is something to see, and returns it.
///
/// # Panics
/// When [`PATIENCE`] is over; `what` says what was waited for.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, look).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// As [`eventually`], when it may be that nothing comes.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if began.elapsed() > limit {
            return None;
        }
        thread::sleep(LOOK_EVERY);
    }
}
